import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { Secret } from './secret.js';
import type { GatewayConfig } from './types/gateway.js';

/** Plain JSON data. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Copies the configuration as plain data; absent keys are left out, `secret` says what stands in a secret's place. */
function plain(value: unknown, secret: (value: Secret<string | Uint8Array>) => string): Json {
  if (value instanceof Secret) return secret(value as Secret<string | Uint8Array>);
  if (Array.isArray(value)) return value.map((item) => plain(item, secret));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, secret)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** The configuration as it may be shown: every secret reads `[secret]`. */
export function redactedConfiguration(config: GatewayConfig): Json {
  return plain(config, String);
}

/**
 * SHA-256 (hex) over the whole configuration, secrets included by their fingerprints: two processes with the same
 * one run on the same configuration. Where the directory lies does not count.
 */
export function configurationFingerprint(config: GatewayConfig): string {
  const { directory } = config;
  const counted = { ...config, directory: '', files: [] };
  const text = JSON.stringify(sorted(plain(counted, (secret) => secret.fingerprint())));
  const base = JSON.stringify(`${dirname(directory)}/`).slice(1, -1);
  return createHash('sha256').update(text.replaceAll(base, '')).digest('hex');
}

/** Whether both say the same under this key, secrets included. */
export function isSameSetting(one: GatewayConfig, other: GatewayConfig, key: keyof GatewayConfig): boolean {
  const text = (config: GatewayConfig) =>
    JSON.stringify(sorted(plain(config[key], (secret) => secret.fingerprint())));
  return text(one) === text(other);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
