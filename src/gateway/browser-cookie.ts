import { createHash, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from '../shared/index.js';

/**
 * The cookie that ties an SP-initiated login to the browser that began it, so that nobody can be made to finish a
 * login that somebody else began (login CSRF; saml-profiles §4.1.5 leaves the defence to the deployment).
 */
export interface CookiePolicy {
  readonly name: string;
  readonly attributes: string;
}

/**
 * The IdP's answer is a cross-site POST, so the cookie must be SameSite=None and therefore Secure; `__Host-` keeps other hosts
 * of the domain from planting one (RFC 6265bis §4.1.3.2). Over plain http, which only a loopback `publicUrl` may have,
 * not every browser keeps such a cookie (Chromium does); there the IdP is on the same site, since ports do not
 * matter, and Lax is enough.
 */
export function cookiePolicy(publicUrl: string): CookiePolicy {
  return new URL(publicUrl).protocol === 'https:'
    ? { name: '__Host-claims-gateway', attributes: 'Path=/; Secure; HttpOnly; SameSite=None' }
    : { name: 'claims-gateway', attributes: 'Path=/; HttpOnly; SameSite=Lax' };
}

const SECRET_BYTES = 24;
const SECRET_FORM = /^[A-Za-z0-9_-]{32}$/;

/** The browser's secret, where it has sent exactly one that has our form; else null. */
export function readBrowserSecret(cookieHeader: string | undefined, policy: CookiePolicy): string | null {
  const values = cookiePairs(cookieHeader)
    .filter(([name]) => name === policy.name)
    .map(([, value]) => value);
  const [secret] = values;
  return values.length === 1 && typeof secret === 'string' && SECRET_FORM.test(secret) ? secret : null;
}

/** A new secret of 192 bits. */
export function newBrowserSecret(random: RandomBytes): string {
  return Buffer.from(random(SECRET_BYTES)).toString('base64url');
}

/** The Set-Cookie value. One secret serves all logins that a browser has under way, in several tabs too. */
export function browserCookie(secret: string, policy: CookiePolicy, lifetimeMs: number): string {
  return `${policy.name}=${secret}; Max-Age=${Math.ceil(lifetimeMs / 1000)}; ${policy.attributes}`;
}

/** What the stored request keeps of the secret, so that the store's reader cannot act as the browser. */
export function browserBinding(secret: string): string {
  return createHash('sha256').update(secret, 'ascii').digest('base64url');
}

/** Whether this browser's secret is the one that the request was bound to. */
export function isBoundTo(secret: string, binding: string): boolean {
  const seen = Buffer.from(browserBinding(secret));
  const expected = Buffer.from(binding);
  return seen.length === expected.length && timingSafeEqual(seen, expected);
}

/** The Cookie header without our own cookie, as it may go on to the service provider; undefined where nothing is left. */
export function withoutBrowserCookie(cookieHeader: string | undefined, policy: CookiePolicy): string | undefined {
  const rest = cookiePairs(cookieHeader)
    .filter(([name]) => name !== policy.name)
    .map(([name, value]) => (value === null ? name : `${name}=${value}`));
  return rest.length === 0 ? undefined : rest.join('; ');
}

function cookiePairs(cookieHeader: string | undefined): (readonly [name: string, value: string | null])[] {
  return (cookieHeader ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? ([pair, null] as const) : ([pair.slice(0, equals), pair.slice(equals + 1)] as const);
    });
}
