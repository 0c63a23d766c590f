import { z } from 'zod';
import { Unfit } from '../unfit.js';
import { claimRuleSchema } from './claims.js';
import { documents } from './documents.js';
import { domainKeySchema } from './domain-key.js';
import { provisioningSchema } from './provisioning.js';
import { scalars as scalarsOf, type Scalars } from './scalars.js';
import { serviceProviderSchema } from './service-provider.js';
import { urls } from './urls.js';
import { parsed } from './value.js';
import type { ValueSource } from '../source.js';

const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

function domainSchema({ source }: Scalars) {
  return parsed((raw): string | Unfit => {
    if (Array.isArray(raw)) {
      return new Unfit(
        'a list of domains is refused: Zivver makes accounts at login for one domain per tenant, and a login of another domain must not make one',
        'name the one domain; for a second organisation add an IdP file with its own provisioning.tenant',
      );
    }
    const resolved = source.resolve(raw);
    if (resolved instanceof Unfit) return resolved;
    const domain = String(resolved.value).toLowerCase();
    return DOMAIN.test(domain) ? domain : new Unfit('is not a domain name', 'write it as in example.org, without @');
  }).meta({ title: 'domain name', type: 'string' });
}

function recipientSchema({ source }: Scalars) {
  return parsed((raw): readonly string[] | Unfit => {
    const recipients: string[] = [];
    for (const item of Array.isArray(raw) ? raw : [raw]) {
      const resolved = source.resolve(item);
      if (resolved instanceof Unfit) return resolved;
      if (typeof resolved.value !== 'string' || resolved.value.trim() === '') {
        return new Unfit('is not text', 'write one recipient, or a list of them');
      }
      recipients.push(resolved.value);
    }
    return recipients.length > 0 ? recipients : new Unfit('is an empty list', 'name a recipient or remove the key');
  }).meta({ title: 'text or list of text', anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] });
}

function trustSchemas(scalars: Scalars) {
  const { choice, flag, text, duration } = scalars;
  return {
    unsolicited: choice('allow', 'refuse')
      .prefault('refuse')
      .describe('Responses that nobody asked for, such as from the tile on a dashboard.'),
    clockSkew: duration(0, 600_000)
      .optional()
      .describe('Clock difference that is tolerated either way. Default: `300s` for entra-id and ad-fs, else `180s`.'),
    signature: z
      .strictObject({
        allowSha1: flag().prefault(false).describe('Accept SHA-1; stands as a warning in health as long as it is on.'),
        allowRsa1024: flag().prefault(false).describe('Accept RSA keys of 1024 to 2047 bits; a standing warning too.'),
        expiredCertificates: choice('warn', 'refuse')
          .prefault('warn')
          .describe('A signing certificate outside its validity.'),
      })
      .prefault({})
      .describe('What signatures may be beyond the rule.'),
    encryption: z
      .strictObject({
        allowCbc: flag()
          .prefault(false)
          .describe('Accept AES-CBC (Okta and AD FS send it) under a verified signature of the Response.'),
        allowUnsignedCbc: flag()
          .prefault(false)
          .describe('Accept AES-CBC also without that signature, which lets an attacker alter the ciphertext.'),
      })
      .prefault({})
      .describe('What encryption may be beyond the rule.'),
    expected: z
      .strictObject({
        audience: text().optional().describe('Audience; also the Issuer of our requests. Default: our metadata URL.'),
        recipient: recipientSchema(scalars)
          .optional()
          .describe('Recipient, or a list of which any will do. Default: `destination`.'),
        // Compared with what the response says, code point by code point: an IdP may know us by plain http.
        destination: text().optional().describe('Destination; also the ACS URL of our requests. Default: our ACS URL.'),
      })
      .prefault({})
      .describe(
        "What a response must carry; for an IdP whose settings still are the service provider's (transparent interception).",
      ),
    request: z
      .strictObject({
        sign: choice('auto', 'always', 'never')
          .prefault('auto')
          .describe('`auto`: where its metadata says WantAuthnRequestsSigned.'),
        binding: choice('auto', 'redirect', 'post')
          .prefault('auto')
          .describe('`auto`: Redirect where offered, else POST.'),
        forceAuthn: choice('carry', 'always', 'never')
          .prefault('carry')
          .describe('`carry`: as the service provider asked.'),
        nameIdPolicy: choice('carry', 'omit')
          .prefault('carry')
          .describe('Okta and Entra ID refuse a NameIDPolicy that differs from their setting; then `omit`.'),
        requestedAuthnContext: choice('carry', 'omit').prefault('carry').describe("The service provider's, or none."),
      })
      .prefault({})
      .describe('How this IdP is asked for a login.'),
  };
}

/** A whole file of `config/idps/`. */
export function idpSchema(source: ValueSource) {
  const scalars = scalarsOf(source);
  const { text, choice, flag } = scalars;
  const { url } = urls(scalars);
  const { certificate, metadata } = documents(scalars);
  return z.strictObject({
    preset: choice('okta', 'entra-id', 'ad-fs', 'google', 'onelogin', 'keycloak', 'generic').describe(
      'Kind of identity provider; sets the defaults named below.',
    ),
    enabled: flag().prefault(true).describe('`false`: the file is checked, but its logins are answered as unknown.'),
    entityId: text().optional().describe("The IdP's entity id (Issuer). Needed without `metadata`, which gives it."),
    metadata: metadata().optional().describe("The IdP's SAML metadata."),
    certificates: z
      .array(certificate())
      .prefault([])
      .describe('Signing certificates, besides those of `metadata`; needed without it.'),
    sso: z
      .strictObject({
        redirect: url().optional().describe('Endpoint of the HTTP-Redirect binding.'),
        post: url().optional().describe('Endpoint of the HTTP-POST binding.'),
      })
      .prefault({})
      .describe('Where our requests go; needed without `metadata` unless only unsolicited logins are wanted.'),
    domain: domainSchema(scalars).describe('The one domain whose users get accounts.'),
    domainKey: domainKeySchema(scalars)
      .prefault({})
      .describe('The DomainKey; each key overrides that of gateway.yaml.'),
    claims: z.array(claimRuleSchema(scalars)).prefault([]).describe('Claim rules, applied in order, each once.'),
    requiredClaims: z
      .strictObject({
        attributes: z
          .array(text())
          .optional()
          .describe('Names that must be there with a value after the rules. Default: the account key.'),
        emailNameId: flag().prefault(true).describe('Must the NameID look like an e-mail address?'),
      })
      .prefault({})
      .describe('Checked after the claim rules.'),
    ...trustSchemas(scalars),
    delivery: choice('browser', 'proxy')
      .prefault('browser')
      .describe('`browser`: the browser posts to the service provider; `proxy`: the gateway does.'),
    provisioning: provisioningSchema(scalars).prefault({}).describe('Each key overrides that of gateway.yaml.'),
    serviceProvider: serviceProviderSchema(scalars).prefault({}).describe('Each key overrides that of gateway.yaml.'),
  });
}

export type IdpInput = z.output<ReturnType<typeof idpSchema>>;
