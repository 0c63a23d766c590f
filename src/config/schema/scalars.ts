import { Secret } from '../secret.js';
import type { Resolved, ValueSource } from '../source.js';
import { Unfit } from '../unfit.js';
import { value } from './value.js';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

const shown = (resolved: Resolved): string =>
  resolved.external ? 'the referenced value' : JSON.stringify(resolved.value);

function asText({ value }: Resolved): string | Unfit {
  if (typeof value !== 'string') {
    return new Unfit(`must be text, not ${JSON.stringify(value)}`, `put it in quotes: "${String(value)}"`);
  }
  return value.trim() === '' ? new Unfit('is empty', 'write a value or remove the key') : value;
}

/** Parses what must be text; `parse` sees it with no doubt about that. */
function textual<T>(parse: (text: string, resolved: Resolved) => T | Unfit): (resolved: Resolved) => T | Unfit {
  return (resolved) => {
    const text = asText(resolved);
    return text instanceof Unfit ? text : parse(text, resolved);
  };
}

/** The builders of all scalar values, bound to where references are looked up. */
export function scalars(source: ValueSource) {
  const text = () => value(source, { title: 'text', literal: { type: 'string' }, parse: asText });

  const choice = <const T extends string>(...options: readonly T[]) =>
    value(source, {
      title: options.map((option) => `\`${option}\``).join(', '),
      literal: { enum: options },
      parse: (resolved): T | Unfit =>
        options.find((option) => option === resolved.value) ??
        new Unfit(`${shown(resolved)} is not one of the choices`, `write one of: ${options.join(', ')}`),
    });

  const integer = (minimum: number, maximum: number) =>
    value(source, {
      title: `integer ${String(minimum)}–${String(maximum)}`,
      literal: { type: 'integer', minimum, maximum },
      parse: (resolved): number | Unfit => {
        const external = resolved.external && /^\d+$/.test(String(resolved.value));
        const number = external ? Number(resolved.value) : resolved.value;
        if (typeof number === 'number' && Number.isSafeInteger(number) && number >= minimum && number <= maximum) {
          return number;
        }
        return new Unfit(
          `${shown(resolved)} is not a whole number from ${String(minimum)} to ${String(maximum)}`,
          'write such a number without quotes',
        );
      },
    });

  const flag = () =>
    value(source, {
      title: '`true` or `false`',
      literal: { type: 'boolean' },
      parse: (resolved): boolean | Unfit => {
        if (typeof resolved.value === 'boolean') return resolved.value;
        if (resolved.external && resolved.value === 'true') return true;
        if (resolved.external && resolved.value === 'false') return false;
        return new Unfit(`${shown(resolved)} is neither true nor false`, 'write true or false without quotes');
      },
    });

  const duration = (minimum = 1, maximum = 3650 * 86_400_000) =>
    value(source, {
      title: 'duration',
      literal: minimum === 0 ? { anyOf: [{ const: 0 }, DURATION_SCHEMA] } : DURATION_SCHEMA,
      parse: (resolved): number | Unfit => {
        const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(String(resolved.value));
        const unit = MILLISECONDS[match?.[2] ?? ''];
        if (resolved.value === 0 && minimum === 0) return 0;
        if (match === null || unit === undefined) {
          return new Unfit(
            `${shown(resolved)} is not a duration`,
            'write a number and a unit (ms, s, m, h, d), such as 30s',
          );
        }
        const milliseconds = Number(match[1]) * unit;
        if (milliseconds >= minimum && milliseconds <= maximum) return milliseconds;
        const bounds = `from ${spoken(minimum)} to ${spoken(maximum)}`;
        return new Unfit(`${shown(resolved)} is out of bounds`, `write a duration ${bounds}`);
      },
    });

  const size = (minimum: number, maximum: number) =>
    value(source, {
      title: 'size',
      literal: { type: 'string', pattern: '^[0-9]+(B|KiB|MiB|GiB)$' },
      parse: (resolved): number | Unfit => {
        const match = /^(\d{1,9})(B|KiB|MiB|GiB)$/.exec(String(resolved.value));
        const unit = BYTES[match?.[2] ?? ''];
        if (match === null || unit === undefined) {
          return new Unfit(
            `${shown(resolved)} is not a size`,
            'write a number and a unit (B, KiB, MiB, GiB), such as 256KiB',
          );
        }
        const bytes = Number(match[1]) * unit;
        if (bytes >= minimum && bytes <= maximum) return bytes;
        return new Unfit(
          `${shown(resolved)} is out of bounds`,
          `write a size from ${String(minimum)}B to ${String(maximum)}B`,
        );
      },
    });

  const secret = () =>
    value(source, {
      title: 'secret (`${env:NAME}` or `{ file: path }`)',
      parse: (resolved): Secret | Unfit => {
        if (!resolved.external) return WRITTEN_SECRET;
        const text = String(resolved.value).trim();
        if (text === '') return new Unfit('the referenced secret is empty', 'put the secret there');
        if (/[\r\n]/.test(text)) return new Unfit('the referenced secret has several lines', 'leave one line there');
        return new Secret(text);
      },
    });

  const path = () =>
    value(source, {
      title: 'path',
      literal: { type: 'string' },
      parse: textual((written) => source.path(written)),
    });

  const directory = () =>
    value(source, {
      title: 'directory',
      literal: { type: 'string' },
      parse: textual((written) => source.directory(written)),
    });

  return { source, directory, text, choice, integer, flag, duration, size, secret, path, textual };
}

export type Scalars = ReturnType<typeof scalars>;

const DURATION_SCHEMA = { type: 'string', pattern: '^[0-9]+(ms|s|m|h|d)$' };

export const WRITTEN_SECRET = new Unfit(
  'a secret may not be written in the YAML itself, since the file is copied, shown and kept in version control',
  'write ${env:NAME}, or { file: path } with a file that only this service can read',
);

function spoken(milliseconds: number): string {
  const units = Object.entries(MILLISECONDS).reverse();
  const [unit, factor] = units.find(([, length]) => milliseconds >= length && milliseconds % length === 0) ?? ['ms', 1];
  return `${String(milliseconds / factor)}${unit}`;
}
