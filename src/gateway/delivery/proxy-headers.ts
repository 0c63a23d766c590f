import type { IncomingHttpHeaders } from 'node:http';
import { withoutBrowserCookie, type CookiePolicy } from '../browser-cookie.js';
import type { ProxyTarget } from '../runtime.js';

/** RFC 9110 §7.6.1: for one connection only, never passed on. Transfer-Encoding is the HTTP library's business. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

/** What a client may not say about itself; the peer's address is ours to tell. */
const FORWARDED = /^(?:forwarded|x-forwarded-.*|x-real-ip|expect)$/;

/** The request's headers as they go to the service provider. */
export function requestHeaders(
  headers: IncomingHttpHeaders,
  from: { readonly method: string; readonly address: string; readonly cookies: CookiePolicy },
): IncomingHttpHeaders {
  const hasBody = from.method !== 'GET' && from.method !== 'HEAD';
  const kept = Object.entries(headers).filter(
    ([name]) =>
      !HOP_BY_HOP.has(name) &&
      !FORWARDED.test(name) &&
      name !== 'cookie' &&
      // No body of a GET is passed on, so neither is its length: the service provider would wait for it.
      (hasBody || (name !== 'content-length' && name !== 'transfer-encoding')),
  );
  const cookie = withoutBrowserCookie(headers.cookie, from.cookies);
  return {
    ...Object.fromEntries(kept),
    ...(cookie === undefined ? {} : { cookie }),
    'x-forwarded-for': from.address,
  };
}

/** The headers of the one request that we make for the person: the form that ends a login. */
export function deliveryHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const carried = [
    'host',
    'content-type',
    'content-length',
    'cookie',
    'user-agent',
    'accept',
    'accept-language',
    'accept-encoding',
  ];
  // Origin and Referer are the identity provider's; they would be a lie about this request.
  return Object.fromEntries(Object.entries(headers).filter(([name]) => carried.includes(name)));
}

/** Where a service provider lives in its own eyes, and where the browser sees it. */
export interface Addresses {
  readonly publicUrl: string;
  readonly target: ProxyTarget;
  /** Origins that mean the service provider in its own Location headers. */
  readonly spOrigins: ReadonlySet<string>;
}

/** The answer's headers as they go to the browser. */
export function responseHeaders(headers: IncomingHttpHeaders, addresses: Addresses): IncomingHttpHeaders {
  const listed = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const kept: IncomingHttpHeaders = Object.fromEntries(
    Object.entries(headers).filter(
      // Alt-Svc would send the browser past us.
      ([name]) => !HOP_BY_HOP.has(name) && !listed.has(name) && name !== 'transfer-encoding' && name !== 'alt-svc',
    ),
  );
  if (headers.location !== undefined) kept.location = publicLocation(headers.location, addresses);
  if (headers['set-cookie'] !== undefined) kept['set-cookie'] = headers['set-cookie'].map(withoutDomain);
  return kept;
}

/**
 * A redirect to the service provider becomes one to the same path at our public URL. Relative ones are right as they
 * are; a path outside the prefix would not come back through us, so it keeps leading to the service provider.
 */
function publicLocation(location: string, { publicUrl, target, spOrigins }: Addresses): string {
  if (!URL.canParse(location)) return location;
  const url = new URL(location);
  if (!spOrigins.has(url.origin) || !url.pathname.startsWith(target.prefix)) return location;
  return `${new URL(publicUrl).origin}${url.pathname}${url.search}${url.hash}`;
}

/** RFC 6265 §5.2.3: without Domain the cookie belongs to the host that the browser talks to, which is us. */
function withoutDomain(cookie: string): string {
  return cookie
    .split(';')
    .filter((part, index) => index === 0 || !/^\s*domain\s*(?:=|$)/i.test(part))
    .join(';');
}
