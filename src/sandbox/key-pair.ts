import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { systemClock, type Clock } from '../shared/index.js';

/** A key that lives as long as the sandbox. */
export interface SandboxKeyPair {
  /** PKCS#1 PEM, the form that samlify's detached signatures read. */
  readonly privateKey: string;
  /** Base64 of the DER certificate, in one line. */
  readonly certificate: string;
}

const DAY_MS = 86_400_000;
const generate = promisify(generateKeyPair);

/** Makes an RSA-2048 key with a self-signed certificate that is valid from yesterday for a year. */
export async function generateSandboxKeyPair(commonName: string, clock: Clock = systemClock): Promise<SandboxKeyPair> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const key = forge.pki.privateKeyFromPem(pem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  // A leading 01 keeps the serial number positive (RFC 5280 §4.1.2.2).
  certificate.serialNumber = `01${createHash('sha256').update(pem).digest('hex').slice(0, 30)}`;
  certificate.validity.notBefore = new Date(clock.now() - DAY_MS);
  certificate.validity.notAfter = new Date(clock.now() + 365 * DAY_MS);
  const name = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.sign(key, forge.md.sha256.create());
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
  return { privateKey: pem, certificate: Buffer.from(der, 'binary').toString('base64') };
}
