import { z } from 'zod';
import { Unfit } from '../unfit.js';
import type { Scalars } from './scalars.js';
import { urls } from './urls.js';
import { value } from './value.js';

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A name that is safe in store keys, metric labels and URLs. */
export function shortName({ source, textual }: Scalars) {
  return value(source, {
    title: 'name',
    literal: { type: 'string', pattern: TENANT.source },
    parse: textual((text) =>
      TENANT.test(text) ? text : new Unfit('is not a fit name', 'use lower-case letters, digits and dashes'),
    ),
  });
}

/** `provisioning:`, in gateway.yaml and in an IdP's file; defaults come after merging (complete/provisioning.ts). */
export function provisioningSchema(scalars: Scalars) {
  const { text, choice, duration, flag, integer, secret } = scalars;
  const { baseUrl } = urls(scalars);

  return z.strictObject({
    mode: choice('scim', 'observe', 'off')
      .optional()
      .describe(
        '`scim`: the gateway creates accounts; `observe`: Zivver creates them at first login and the gateway checks that it did; `off`: neither.',
      ),
    tenant: shortName(scalars)
      .optional()
      .describe(
        'Name for the Zivver organisation. IdPs of one organisation share it; another organisation needs another. Default: `default`.',
      ),
    scim: z
      .strictObject({
        baseUrl: baseUrl('/').optional().describe('Default: `https://app.zivver.com/api/scim/v2/`.'),
        token: secret()
          .optional()
          .describe('API key, made in Zivver under Organization Settings > Integrations > API keys.'),
        tokenEncoding: choice('raw', 'base64')
          .optional()
          .describe('Send the key as issued or base64-encoded; documents and clients disagree. Default: `raw`.'),
        mediaType: choice('application/json', 'application/scim+json')
          .optional()
          .describe('Content-Type and Accept of the calls. Default: `application/json`.'),
        timeout: duration(100, 120_000).optional().describe('Time that one call may take. Default: `10s`.'),
      })
      .optional()
      .describe("Zivver's SCIM interface; needed unless `mode` is `off`."),
    budget: z
      .strictObject({
        requests: integer(1, 100_000).optional().describe('Requests in each window. Default: `25`.'),
        per: duration(100, 3_600_000).optional().describe('Length of the window. Default: `10s`.'),
      })
      .optional()
      .describe("The gateway's share of the tenant's 50 requests per 10 s, over all workers."),
    waitForAccount: duration(0, 30_000)
      .optional()
      .describe('How long a first login may wait for its account; `0` = never. Default: `2s`.'),
    retryFor: duration(1000)
      .optional()
      .describe('How long after the login, and in at least five attempts, a transient failure is tried again before the job becomes a dead letter. Default: `24h`.'),
    rememberFor: duration(1000)
      .optional()
      .describe('How long an outcome is remembered, so that the next login asks nothing. Default: `30d`.'),
    active: flag().optional().describe('`active` of a new account. Default: `true`.'),
    division: text().optional().describe('Organisational unit of a new account. Default: not sent.'),
  });
}

export type ProvisioningInput = z.output<ReturnType<typeof provisioningSchema>>;
