import { createPrivateKey, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { GatewayError } from '../shared/index.js';
import { unfitness } from './algorithm.js';
import { certificateInfo, parseCertificates, type CertificateInfo } from './certificate.js';
import { belongs } from './inspect.js';
import { keyPaths, writeKeyFiles, type WrittenKey } from './key-files.js';

/** A key from elsewhere. */
export interface ImportedKey {
  readonly privateKey: KeyObject;
  readonly certificate: CertificateInfo;
}

type Bag = forge.pkcs12.Bag;

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

const derOf = (node: forge.asn1.Asn1): Buffer => Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1');

/** A key bag holds `key` for RSA; for what node-forge does not know (EC), the PrivateKeyInfo as ASN.1. */
function privateKeyOf({ key, asn1 }: Bag): KeyObject {
  const info = key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)) : asn1;
  return createPrivateKey({ key: derOf(info), format: 'der', type: 'pkcs8' });
}

function certificateOf({ cert, asn1 }: Bag): CertificateInfo {
  return certificateInfo(derOf(cert ? forge.pki.certificateToAsn1(cert) : asn1), 'a certificate of the bundle');
}

function bagsOf(bundle: forge.pkcs12.Pkcs12Pfx, ...types: string[]): readonly Bag[] {
  return types.flatMap((bagType) => bundle.getBags({ bagType })[bagType] ?? []);
}

/** Reads a PKCS#12 bundle (`.p12`, `.pfx`; encrypted with 3DES, RC2 or AES). Throws KEY_IMPORT_FAILED. */
export function readPkcs12(bytes: Uint8Array, passphrase?: string): ImportedKey {
  const { keyBag = '', pkcs8ShroudedKeyBag = '', certBag = '' } = forge.pki.oids;
  let bundle: forge.pkcs12.Pkcs12Pfx;
  try {
    const der = forge.util.createBuffer(Buffer.from(bytes).toString('latin1'));
    bundle = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(der), passphrase ?? '');
  } catch {
    const reason = passphrase === undefined ? 'it has a passphrase and none was given' : 'the passphrase is wrong';
    throw new GatewayError('KEY_IMPORT_FAILED', `it is no PKCS#12 bundle, or ${reason}`);
  }
  const [key, ...more] = bagsOf(bundle, pkcs8ShroudedKeyBag, keyBag);
  if (key === undefined || more.length > 0) {
    throw new GatewayError('KEY_IMPORT_FAILED', `the bundle holds ${String(more.length + (key ? 1 : 0))} private keys`);
  }
  return paired(privateKeyOf(key), bagsOf(bundle, certBag).map(certificateOf));
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
