import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  verificationKeyOf,
  type SignatureAlgorithm,
  type SigningKey,
  type VerificationKey,
} from '../../src/xml/index.js';

export interface TestKeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  /** Base64 of the DER, as it stands in ds:X509Certificate. */
  readonly certificateBase64: string;
  verificationKey(): VerificationKey;
  signingKey(algorithm?: SignatureAlgorithm): SigningKey;
}

export interface CertificateOptions {
  readonly commonName?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

type Der = Buffer;

function der(tag: number, ...parts: readonly Der[]): Der {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...parts: readonly Der[]): Der => der(0x30, ...parts);
const oid = (hex: string): Der => der(0x06, Buffer.from(hex, 'hex'));
const NULL = Buffer.from([0x05, 0x00]);
const SHA256_WITH_RSA = sequence(oid('2a864886f70d01010b'), NULL);
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));

function distinguishedName(commonName: string): Der {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(commonName)))));
}

/** GeneralizedTime may only be written from the year 2050 on (RFC 5280 §4.1.2.5). */
function time(date: Date): Der {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

/** A self-signed X.509 v3 certificate without extensions, as PEM. */
export function selfSignedCertificate(privateKey: KeyObject, options: CertificateOptions = {}): string {
  const name = distinguishedName(options.commonName ?? 'test');
  const algorithm = privateKey.asymmetricKeyType === 'ec' ? ECDSA_WITH_SHA256 : SHA256_WITH_RSA;
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    name,
    sequence(
      time(options.notBefore ?? new Date('2020-01-01T00:00:00Z')),
      time(options.notAfter ?? new Date('2049-01-01T00:00:00Z')),
    ),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').replace(/(.{64})/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

/** The same certificate, but that it ends in a month that does not exist. */
export function withUnreadableEnd(certificatePem: string): string {
  const bytes = Buffer.from(new X509Certificate(certificatePem).raw);
  const utcTime = Buffer.from([0x17, 0x0d]);
  const end = bytes.indexOf(utcTime, bytes.indexOf(utcTime) + utcTime.length);
  bytes.write('99', end + utcTime.length + 2, 'latin1');
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

/** Wraps a private key with a certificate made for it. */
export function keyPairOf(privateKey: KeyObject, options: CertificateOptions = {}): TestKeyPair {
  const certificatePem = selfSignedCertificate(privateKey, options);
  const certificate = new X509Certificate(certificatePem);
  const certificateBase64 = certificate.raw.toString('base64');
  const usual: SignatureAlgorithm = privateKey.asymmetricKeyType === 'ec' ? 'ecdsa-sha256' : 'rsa-sha256';
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem,
    certificateBase64,
    verificationKey: () => verificationKeyOf(certificate),
    signingKey: (algorithm = usual) => ({
      id: options.commonName ?? 'test',
      privateKey,
      certificate: certificateBase64,
      algorithm,
    }),
  };
}

const made = new Map<string, TestKeyPair>();

function once(name: string, make: () => TestKeyPair): TestKeyPair {
  const pair = made.get(name) ?? make();
  made.set(name, pair);
  return pair;
}

/**
 * A new RSA key; where TEST_KEY_DIRECTORY names a directory, one that a former process left there. Mutation testing
 * runs thousands of processes, and looking for primes would be most of their work.
 */
function rsaPrivateKey(bits: number, name: string): KeyObject {
  const directory = process.env['TEST_KEY_DIRECTORY'];
  if (directory === undefined) return generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
  const file = join(directory, `${name.replaceAll(' ', '-')}-${bits}.pem`);
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    renameSync(draft, file);
  }
  return createPrivateKey(readFileSync(file));
}

/** An RSA pair, made once per process for each name (and size). */
export function rsaKeyPair(bits = 2048, name = 'rsa'): TestKeyPair {
  return once(`${name}-${bits}`, () => keyPairOf(rsaPrivateKey(bits, name), { commonName: name }));
}

/** An ECDSA pair, made once per process for each name (and curve). */
export function ecKeyPair(curve = 'prime256v1', name = 'ec'): TestKeyPair {
  return once(`${name}-${curve}`, () =>
    keyPairOf(generateKeyPairSync('ec', { namedCurve: curve }).privateKey, { commonName: name }),
  );
}

/** A pair from PEM text, for the published test keys of others. */
export function keyPairFromPem(privateKeyPem: string, options: CertificateOptions = {}): TestKeyPair {
  return keyPairOf(createPrivateKey(privateKeyPem), options);
}
