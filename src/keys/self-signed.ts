import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import type { RandomBytes } from '../shared/index.js';

const { asn1 } = forge;
const { Class, Type } = asn1;

type Node = forge.asn1.Asn1;

const OIDS = {
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  'rsa-sha256': '1.2.840.113549.1.1.11',
  'ecdsa-sha256': '1.2.840.10045.4.3.2',
} as const;

const sequence = (...items: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
const set = (...items: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SET, true, items);
const primitive = (type: forge.asn1.Type, bytes: string): Node => asn1.create(Class.UNIVERSAL, type, false, bytes);
const oid = (name: keyof typeof OIDS): Node => primitive(Type.OID, asn1.oidToDer(OIDS[name]).getBytes());
// Context-specific tags are bare numbers, which node-forge's types only know under the names of universal types.
const VERSION_TAG = Type.NONE;
const EXTENSIONS_TAG = Type.BITSTRING;
const tagged = (tag: forge.asn1.Type, item: Node): Node => asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [item]);
const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const der = (node: Node): Buffer => Buffer.from(asn1.toDer(node).getBytes(), 'latin1');

function name(commonName: string): Node {
  const text = primitive(Type.UTF8, forge.util.encodeUtf8(commonName));
  return sequence(set(sequence(oid('commonName'), text)));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
function time(at: number): Node {
  const date = new Date(at);
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

function extension(which: 'keyUsage' | 'basicConstraints', value: Node): Node {
  const critical = primitive(Type.BOOLEAN, '\xff');
  return sequence(oid(which), critical, primitive(Type.OCTETSTRING, asn1.toDer(value).getBytes()));
}

/** digitalSignature, with keyEncipherment for RSA: bits 0 and 2 of a BIT STRING (RFC 5280 §4.2.1.3). */
function keyUsage(rsa: boolean): Node {
  return extension('keyUsage', primitive(Type.BITSTRING, rsa ? '\x05\xa0' : '\x07\x80'));
}

export interface CertificateWish {
  readonly privateKey: KeyObject;
  readonly commonName: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly random: RandomBytes;
}

/**
 * A self-signed X.509 v3 certificate, in PEM. SAML binds keys by metadata, so nobody checks a chain. The structure is
 * node-forge's ASN.1; the signature is Node's, since node-forge signs with RSA only.
 */
export function selfSignedCertificate(wish: CertificateWish): string {
  const rsa = wish.privateKey.asymmetricKeyType === 'rsa';
  const algorithm = rsa ? sequence(oid('rsa-sha256'), primitive(Type.NULL, '')) : sequence(oid('ecdsa-sha256'));
  // Positive and never empty (RFC 5280 §4.1.2.2): the first bit is cleared, the second one set.
  const serial = Uint8Array.from(wish.random(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const spki = createPublicKey(wish.privateKey).export({ type: 'spki', format: 'der' });
  const tbs = sequence(
    tagged(VERSION_TAG, primitive(Type.INTEGER, '\x02')),
    primitive(Type.INTEGER, binary(serial)),
    algorithm,
    name(wish.commonName),
    sequence(time(wish.notBefore), time(wish.notAfter)),
    name(wish.commonName),
    asn1.fromDer(binary(spki)),
    tagged(EXTENSIONS_TAG, sequence(extension('basicConstraints', sequence()), keyUsage(rsa))),
  );
  const signature = sign('sha256', der(tbs), wish.privateKey);
  const certificate = der(sequence(tbs, algorithm, primitive(Type.BITSTRING, `\0${binary(signature)}`)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
