import type { KeyObject } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { unfitness, type SigningAlgorithm } from './algorithm.js';
import { readCertificate, type CertificateInfo } from './certificate.js';
import { belongs } from './inspect.js';
import { readPrivateKey } from './private-key.js';

export type KeyState = 'next' | 'active' | 'retired';

/** Where a key lies and what it may do; the configuration's entry. */
export interface KeyEntry {
  readonly id: string;
  /** Path of the PEM private key. */
  readonly key: string;
  /** Path of the PEM certificate. */
  readonly cert: string;
  readonly state: KeyState;
  /** Milliseconds since the epoch. */
  readonly publishedAt?: number | undefined;
}

/** A key that was read once and is kept as a KeyObject. */
export interface RingKey {
  readonly id: string;
  readonly state: KeyState;
  readonly privateKey: KeyObject;
  /** DER in base64, as in ds:X509Certificate. */
  readonly certificate: string;
  readonly info: CertificateInfo;
  readonly publishedAt?: number | undefined;
}

/** A key as the xml room signs with it. */
export interface RingSigningKey extends RingKey {
  readonly algorithm: SigningAlgorithm;
}

/** All keys of the gateway. */
export interface KeyRing {
  /** The one that signs. */
  readonly active: RingSigningKey;
  /** Those that stand in our metadata as signing keys: the active one first, then the next ones. */
  readonly published: readonly RingSigningKey[];
  /** Every decryption key, the published ones first. */
  readonly decryption: readonly RingKey[];
  /** The certificates that others may encrypt to. */
  readonly encryptionCertificates: readonly CertificateInfo[];
}

function readRingKey({ id, key, cert, state, publishedAt }: KeyEntry): RingKey {
  const privateKey = readPrivateKey(key);
  const info = readCertificate(cert);
  if (!belongs(privateKey, info)) {
    throw new GatewayError('KEY_UNFIT', `the certificate ${cert} does not belong to the key ${key}`);
  }
  return { id, state, privateKey, certificate: info.base64, info, publishedAt };
}

function refuseUnfit(key: RingKey, path: string, use: 'signing' | 'decryption', algorithm?: SigningAlgorithm): void {
  const unfit = unfitness(key.privateKey, use, algorithm);
  if (unfit !== null) throw new GatewayError('KEY_UNFIT', `${path}: ${unfit}`);
}

/**
 * Reads every key that is in use; retired signing keys are not touched. Throws KEY_UNREADABLE, KEY_UNFIT, and
 * KEY_STATE where not exactly one key is active.
 */
export function loadKeyRing(
  signing: { readonly algorithm: SigningAlgorithm; readonly keys: readonly KeyEntry[] },
  decryption: readonly KeyEntry[] = [],
): KeyRing {
  const { algorithm } = signing;
  const inUse = (state: KeyState): readonly RingSigningKey[] =>
    signing.keys
      .filter((entry) => entry.state === state)
      .map((entry) => {
        const key = readRingKey(entry);
        refuseUnfit(key, entry.key, 'signing', algorithm);
        return { ...key, algorithm };
      });
  const [active, ...more] = inUse('active');
  if (active === undefined || more.length > 0) {
    throw new GatewayError('KEY_STATE', 'exactly one signing key must be active');
  }
  const decryptionKeys = decryption.map((entry) => {
    const key = readRingKey(entry);
    refuseUnfit(key, entry.key, 'decryption');
    return key;
  });
  const current = decryptionKeys.filter(({ state }) => state === 'active');
  return {
    active,
    published: [active, ...inUse('next')],
    decryption: [...current, ...decryptionKeys.filter(({ state }) => state !== 'active')],
    encryptionCertificates: current.map(({ info }) => info),
  };
}
