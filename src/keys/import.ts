import { createPrivateKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { unfitness } from './algorithm.js';
import { parseCertificates, type CertificateInfo } from './certificate.js';
import { belongs } from './inspect.js';
import { keyPaths, writeKeyFiles, type WrittenKey } from './key-files.js';

/** A key from elsewhere. */
export interface ImportedKey {
  readonly privateKey: KeyObject;
  readonly certificate: CertificateInfo;
}

function paired(privateKey: KeyObject, certificates: readonly CertificateInfo[]): ImportedKey {
  // A bundle may carry the chain as well, in any order.
  const certificate = certificates.find((candidate) => belongs(privateKey, candidate));
  if (certificate === undefined) {
    throw new GatewayError('KEY_IMPORT_FAILED', 'none of the certificates belongs to the private key');
  }
  return { privateKey, certificate };
}

/** Reads a PEM text that holds the key and its certificate. Throws KEY_IMPORT_FAILED. */
export function readPemBundle(pem: string, passphrase?: string): ImportedKey {
  // Node reads the first block only, which may be a certificate.
  const key = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----/.exec(pem)?.[0] ?? '';
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(passphrase === undefined ? key : { key, passphrase });
  } catch {
    const reason = pem.includes('ENCRYPTED') ? 'the passphrase is missing or wrong' : 'there is no PEM private key';
    throw new GatewayError('KEY_IMPORT_FAILED', reason);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new GatewayError('KEY_IMPORT_FAILED', 'the file holds a key and no certificate; it must hold both');
  }
  return paired(privateKey, parseCertificates(pem, 'the PEM file'));
}

/** Reads a PKCS#12 bundle (`.p12`, `.pfx`; encrypted with 3DES, RC2 or AES). Rejects with KEY_IMPORT_FAILED. */
export async function readPkcs12(bytes: Uint8Array, passphrase?: string): Promise<ImportedKey> {
  // node-forge takes long to load, and only this and the making of certificates need it.
  const { readBundle } = await import('./pkcs12.js');
  const { privateKey, certificates } = readBundle(bytes, passphrase);
  return paired(privateKey, certificates);
}

/**
 * Writes an imported key as `ID.key` (mode 0600, no passphrase) and `ID.crt`. Throws KEY_EXISTS, and KEY_UNFIT where
 * it can neither sign with RSA nor with ECDSA.
 */
export function storeImportedKey(directory: string, id: string, { privateKey, certificate }: ImportedKey): WrittenKey {
  const asRsa = unfitness(privateKey, 'signing', 'rsa-sha256');
  if (asRsa !== null && unfitness(privateKey, 'signing', 'ecdsa-sha256') !== null) {
    throw new GatewayError('KEY_UNFIT', asRsa);
  }
  const paths = keyPaths(directory, id);
  writeKeyFiles(paths, privateKey, certificate.pem);
  return paths;
}
