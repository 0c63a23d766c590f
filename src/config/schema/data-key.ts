import { createHash } from 'node:crypto';
import { Secret } from '../secret.js';
import type { Resolved } from '../source.js';
import type { DataKey } from '../types/gateway.js';
import { Unfit } from '../unfit.js';
import { WRITTEN_SECRET, type Scalars } from './scalars.js';
import { value } from './value.js';

const BYTES = 32;

function decode(text: string): Buffer | null {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return null;
}

function parse({ value: text, external }: Resolved): DataKey | Unfit {
  if (!external) return WRITTEN_SECRET;
  const bytes = decode(String(text).trim());
  if (bytes?.length !== BYTES) {
    return new Unfit(
      'the referenced value is not a key of 32 bytes in base64 or hexadecimal',
      'make one: openssl rand -base64 32',
    );
  }
  // Domain-separated, so that the public name of the key says nothing about any other use of its digest.
  const id = createHash('sha256').update('claims-gateway data key\0').update(bytes).digest('hex').slice(0, 16);
  return { id, bytes: new Secret(new Uint8Array(bytes)) };
}

export function dataKey({ source }: Scalars) {
  return value(source, { title: 'secret: 32 bytes in base64 or hexadecimal', parse });
}
