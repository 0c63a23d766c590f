import { z } from 'zod';
import { Unfit } from '../unfit.js';
import type { Scalars } from './scalars.js';
import { complain, value } from './value.js';

const XML_SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function keyId({ source, textual }: Scalars) {
  return value(source, {
    title: 'text',
    literal: { type: 'string', pattern: XML_SAFE_ID.source },
    parse: textual((text) =>
      XML_SAFE_ID.test(text)
        ? text
        : new Unfit('is not a fit id', 'use up to 64 letters, digits, dots, dashes and underscores, in quotes'),
    ),
  });
}

function moment({ source, textual }: Scalars) {
  return value(source, {
    title: 'UTC time, such as `2026-11-23T09:00:00Z`',
    literal: { type: 'string', format: 'date-time' },
    parse: textual((text) => {
      const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
      return Number.isNaN(at) ? new Unfit('is not a UTC time', 'write it as 2026-11-23T09:00:00Z') : at;
    }),
  });
}

function refuseDoubleIds(keys: readonly { readonly id: string }[], context: z.RefinementCtx): void {
  keys.forEach(({ id }, index) => {
    if (keys.findIndex((other) => other.id === id) < index) {
      complain(context, [index, 'id'], `the id "${id}" is used twice`, 'give each key an id of its own');
    }
  });
}

/** `signing:` and `decryption:`: our own keys. */
export function signingSchemas(scalars: Scalars) {
  const { text, choice, path } = scalars;
  const key = () => path().describe('PEM file of the private key (PKCS#8, PKCS#1 or SEC 1, not encrypted).');
  const cert = () => path().describe('PEM file of the certificate that belongs to the key.');

  const signingKey = z.strictObject({
    id: keyId(scalars).describe('Name of the key, for `keys promote`, log and audit.'),
    key: key(),
    cert: cert(),
    state: choice('next', 'active', 'retired').describe(
      '`active` signs (exactly one); `next` stands in our metadata so that the other sides can load it; `retired` does nothing.',
    ),
    publishedAt: moment(scalars)
      .optional()
      .describe('When the key was named here for the metadata; `keys promote` waits for 48 hours after it, and after the moment at which the gateway took it up.'),
    promotedAt: moment(scalars).optional().describe('When the key became active; written by `keys promote`.'),
    forcedBecause: text().optional().describe('Why a promotion did not wait; written by `keys promote --force`.'),
  });

  const signing = z.strictObject({
    entityId: text().describe('Our entity id as the identity provider of the service provider.'),
    issuer: choice('own', 'preserve')
      .prefault('own')
      .describe("Issuer of what we write: `own` is `entityId`; `preserve` keeps the IdP's."),
    algorithm: choice('rsa-sha256', 'rsa-sha384', 'rsa-sha512', 'ecdsa-sha256', 'ecdsa-sha384', 'ecdsa-sha512')
      .prefault('rsa-sha256')
      .describe('Signature algorithm; the active and the next key must fit it.'),
    sign: z
      .array(choice('assertion', 'response'))
      .superRefine((parts, context) => {
        if (parts.length > 0 && new Set(parts).size === parts.length) return;
        complain(context, [], 'must name assertion, response or both, each once', 'write [assertion, response]');
      })
      .prefault(['assertion', 'response'])
      .describe('What we sign.'),
    keys: z
      .array(signingKey)
      .superRefine((keys, context) => {
        refuseDoubleIds(keys, context);
        const active = keys.filter(({ state }) => state === 'active').length;
        if (active === 1) return;
        complain(
          context,
          [],
          `${active === 0 ? 'no key is' : `${String(active)} keys are`} active`,
          'set `state: active` on exactly one key',
        );
      })
      .describe('The signing keys.'),
  });

  const decryption = z
    .strictObject({
      keys: z
        .array(
          z.strictObject({
            id: keyId(scalars).describe('Name of the key.'),
            key: key(),
            cert: cert(),
            state: choice('active', 'retired')
              .prefault('active')
              .describe('Both decrypt; only `active` ones stand in our metadata.'),
          }),
        )
        .superRefine(refuseDoubleIds)
        .prefault([])
        .describe('RSA keys to which identity providers encrypt assertions.'),
    })
    .prefault({})
    .describe('Keys for encrypted assertions.');

  return { signing, decryption };
}
