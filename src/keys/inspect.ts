import { createPublicKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { isShortRsa, isSlowRsa, keyKind, unfitness, type KeyUse, type SigningAlgorithm } from './algorithm.js';
import { parseCertificates, readCertificate, type CertificateInfo } from './certificate.js';
import { expiryOf } from './expiry.js';
import { readPrivateKey } from './private-key.js';
import { isForbidden, isOpenToOthers } from './read-file.js';

/** What is wrong with (`fault`) or doubtful about (`warning`) a key or certificate. */
export interface Finding {
  readonly severity: 'fault' | 'warning';
  readonly problem: string;
  readonly remedy: string;
}

export interface KeyFileFinding extends Finding {
  readonly part: 'key' | 'cert';
}

/** A private key and its certificate, by path, and what they are for. */
export interface KeyFiles {
  readonly key: string;
  readonly cert: string;
  readonly use: KeyUse;
  readonly algorithm?: SigningAlgorithm;
}

const GENERATE = 'make a fit one with claims-gateway keys generate';
const GIVE_ACCESS = 'give the account that runs the gateway read access (chgrp, chmod 0640)';

/** Runs `read`; a GatewayError becomes a finding. */
function attempt<T>(read: () => T, remedy: string): T | Finding {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { severity: 'fault', problem: error.message, remedy: isForbidden(error) ? GIVE_ACCESS : remedy };
  }
}

function isFinding(value: object): value is Finding {
  return 'problem' in value;
}

function keyFindings(path: string, key: KeyObject, use: KeyUse, algorithm?: SigningAlgorithm): readonly Finding[] {
  const findings: Finding[] = [];
  const unfit = unfitness(key, use, algorithm);
  if (unfit !== null) findings.push({ severity: 'fault', problem: unfit, remedy: GENERATE });
  if (isSlowRsa(key)) {
    const problem = `the key is ${keyKind(key)}, which makes each login many times slower than RSA 2048 or 3072`;
    findings.push({ severity: 'warning', problem, remedy: GENERATE });
  }
  if (isOpenToOthers(path)) {
    const problem = `${path} can be read or written by all users`;
    findings.push({ severity: 'warning', problem, remedy: `run chmod 600 ${path}` });
  }
  return findings;
}

function validityFindings({ notBefore, notAfter, subject }: CertificateInfo, now: number): readonly Finding[] {
  const { days, level } = expiryOf(notAfter, now);
  const remedy = 'replace it by a current one';
  const warning = (problem: string): Finding => ({ severity: 'warning', problem, remedy });
  if (level === 'expired') return [warning(`the certificate of ${subject} expired ${String(-days)} days ago`)];
  if (notBefore > now) return [warning(`the certificate of ${subject} is not valid yet`)];
  return level === 'fine' ? [] : [warning(`the certificate of ${subject} expires in ${String(days)} days`)];
}

function inspectKeyFiles(files: KeyFiles, now: number): readonly KeyFileFinding[] {
  const key = attempt(() => readPrivateKey(files.key), GENERATE);
  const cert = attempt(() => readCertificate(files.cert), GENERATE);
  const ofKey = isFinding(key) ? [key] : keyFindings(files.key, key, files.use, files.algorithm);
  const ofCert = isFinding(cert) ? [cert] : [...validityFindings(cert, now)];
  if (!isFinding(key) && !isFinding(cert) && !belongs(key, cert)) {
    const problem = `the certificate ${files.cert} does not belong to the key ${files.key}`;
    ofCert.push({ severity: 'fault', problem, remedy: 'name the files that were made together' });
  }
  return [
    ...ofKey.map((finding) => ({ part: 'key' as const, ...finding })),
    ...ofCert.map((finding) => ({ part: 'cert' as const, ...finding })),
  ];
}

/** Is the certificate's key the public half of `key`? */
export function belongs(key: KeyObject, certificate: CertificateInfo): boolean {
  // Not KeyObject.equals: with keys of two kinds it leaves an error in OpenSSL's queue, and the next, innocent call of
  // createPrivateKey throws it (Node 20).
  const spki = (publicKey: KeyObject): Buffer => publicKey.export({ type: 'spki', format: 'der' });
  return spki(createPublicKey(key)).equals(spki(certificate.publicKey));
}

function inspectCertificates(pem: string, policy: { readonly allowRsa1024: boolean }, now: number): readonly Finding[] {
  const certificates = attempt(() => parseCertificates(pem, 'it'), 'ask the other side for its certificate');
  if (isFinding(certificates)) return [certificates];
  const least = policy.allowRsa1024 ? 1024 : 2048;
  return certificates.flatMap((certificate) => {
    const short = isShortRsa(certificate.publicKey, least);
    const problem = `the certificate of ${certificate.subject} has ${certificate.keyKind}, and signatures under less than ${String(least)} bits are refused`;
    const remedy = 'ask the other side for a longer key';
    // Not a fault: another certificate may be the one in use, and every signature is held to the rule by itself.
    const ofKey: Finding[] = short ? [{ severity: 'warning', problem, remedy }] : [];
    return [...ofKey, ...validityFindings(certificate, now)];
  });
}

/** Looks into keys and certificates for `check-config` and the loading of the configuration. */
export const keyInspector = { inspectKeyFiles, inspectCertificates };
