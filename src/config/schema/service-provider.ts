import { z } from 'zod';
import { Unfit } from '../unfit.js';
import { documents } from './documents.js';
import type { Scalars } from './scalars.js';
import { urls } from './urls.js';
import { complain, value } from './value.js';

function prefix({ source, textual }: Scalars) {
  return value(source, {
    title: 'path',
    literal: { type: 'string', pattern: '^/(.*/)?$' },
    parse: textual((text) =>
      /^\/([A-Za-z0-9._~-]+\/)*$/.test(text)
        ? text
        : new Unfit('is not a path prefix', 'begin and end it with a slash, such as /zivver/'),
    ),
  });
}

/**
 * `serviceProvider:`, in gateway.yaml and in an IdP's file. Nothing has its default here, since what the IdP's file
 * leaves open comes from gateway.yaml first (complete/service-provider.ts).
 */
export function serviceProviderSchema(scalars: Scalars) {
  const { text, choice, duration, flag, size } = scalars;
  const { url, baseUrl } = urls(scalars);
  const { certificate } = documents(scalars);

  return z.strictObject({
    preset: choice('zivver', 'generic')
      .optional()
      .describe(
        '`zivver` knows the entity id, ACS URL and attribute names; `generic` knows nothing. Default: `zivver`.',
      ),
    entityId: text().optional().describe('Entity id of the service provider. Default: that of the preset.'),
    acs: z
      .array(url())
      .superRefine((list, context) => {
        if (list.length === 0) complain(context, [], 'is empty', 'name at least one URL or remove the key');
      })
      .optional()
      .describe(
        'Assertion consumer service URLs that a request may name; the first is the default. Default: the preset.',
      ),
    audience: text().optional().describe('Outgoing Audience. Default: `entityId`.'),
    recipient: text()
      .optional()
      .describe(
        "Outgoing Recipient. Default: `entityId` for the IdP presets `okta` and `onelogin`, as Zivver's manuals say, else the first `acs`.",
      ),
    destination: text().optional().describe('Outgoing Destination. Default: the first `acs`.'),
    deliverTo: url().optional().describe('Where the response is posted. Default: the first `acs`.'),
    startUrl: url()
      .optional()
      .describe(
        'Where a person begins a login again; a link on the error page. Default: the origin of the first `acs`.',
      ),
    intercept: flag()
      .optional()
      .describe(
        "Take responses also at the path of the service provider's own ACS; the Issuer then tells the IdP. Default: `false`.",
      ),
    requests: z
      .strictObject({
        signed: choice('optional', 'required')
          .optional()
          .describe(
            'Must its AuthnRequests be signed? A signature is checked where `serviceProvider.certificates` has a certificate to check it with; `required` needs one. Default: `optional`.',
          ),
        maxAge: duration(1000).optional().describe('Oldest acceptable IssueInstant. Default: `10m`.'),
      })
      .optional()
      .describe("The service provider's AuthnRequests."),
    certificates: z.array(certificate()).optional().describe('Certificates that verify its requests. Default: none.'),
    encryption: z
      .strictObject({
        certificate: certificate().describe("The service provider's encryption certificate (RSA)."),
        content: choice('aes256-gcm', 'aes128-gcm').prefault('aes256-gcm').describe('Cipher of the assertion.'),
        keyTransport: choice('rsa-oaep-mgf1p', 'rsa-oaep-sha256')
          .prefault('rsa-oaep-mgf1p')
          .describe('RSA-OAEP with SHA-1 and MGF1 (widely understood), or with SHA-256 throughout.'),
      })
      .optional()
      .describe('Present: outgoing assertions are encrypted. Default: they are not.'),
    attributes: z
      .strictObject({
        accountKey: text()
          .optional()
          .describe('Name of the attribute with the account key. Default: that of the preset.'),
        displayName: text()
          .optional()
          .describe('Name of the attribute with the display name. Default: `urn:oid:2.5.4.42` in the preset `zivver`.'),
      })
      .optional()
      .describe('Attributes that provisioning reads.'),
    proxy: z
      .strictObject({
        prefix: prefix(scalars).prefault('/').describe('Path at `publicUrl` below which everything is passed through.'),
        upstream: baseUrl('', { originOnly: true })
          .optional()
          .describe('Origin that it is passed to. Default: the origin of the first `acs`.'),
        timeout: duration(100, 600_000)
          .prefault('30s')
          .describe('Silence of the upstream after which a 504 is answered.'),
        body: size(1024, 64 * 1024 ** 3)
          .prefault('100MiB')
          .describe('Longest body that is passed through; it is streamed, so this costs no memory.'),
      })
      .optional()
      .describe('Reverse proxy in front of the service provider; `delivery: proxy` needs it.'),
  });
}

export type ServiceProviderInput = z.output<ReturnType<typeof serviceProviderSchema>>;
