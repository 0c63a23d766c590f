import type { SigningAlgorithm } from './types/gateway.js';

/** A private key and its certificate, by absolute path, and what they are for. */
export interface KeyFiles {
  readonly key: string;
  readonly cert: string;
  readonly use: 'signing' | 'decryption' | 'tls';
  /** With `use: 'signing'`: what the key must be able to do. */
  readonly algorithm?: SigningAlgorithm;
}

/** What is wrong with (`fault`) or doubtful about (`warning`) one of the two files. */
export interface KeyFileFinding {
  readonly part: 'key' | 'cert';
  readonly severity: 'fault' | 'warning';
  readonly problem: string;
  readonly remedy: string;
}

/**
 * Looks into keys and certificates on behalf of the configuration. The keys room gives one (`keyInspector`); it is
 * handed in because rooms of one rank do not import each other.
 */
export interface KeyInspector {
  inspectKeyFiles(files: KeyFiles, now: number): readonly KeyFileFinding[];
  /** For certificates of other parties: readable, long enough, in date. */
  inspectCertificates(
    pem: string,
    policy: { readonly allowRsa1024: boolean },
    now: number,
  ): readonly Omit<KeyFileFinding, 'part'>[];
}
