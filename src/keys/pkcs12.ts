import { createPrivateKey, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { GatewayError } from '../shared/index.js';
import { certificateInfo, type CertificateInfo } from './certificate.js';

/** What a PKCS#12 bundle holds: one key, and certificates of which one may be the key's. */
export interface Bundle {
  readonly privateKey: KeyObject;
  readonly certificates: readonly CertificateInfo[];
}

type Bag = forge.pkcs12.Bag;

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

/** @throws GatewayError KEY_IMPORT_FAILED */
export function readBundle(bytes: Uint8Array, passphrase: string | undefined): Bundle {
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
  return { privateKey: privateKeyOf(key), certificates: bagsOf(bundle, certBag).map(certificateOf) };
}
