import { isIP } from 'node:net';
import { Unfit } from '../unfit.js';
import type { Scalars } from './scalars.js';
import { value } from './value.js';

/** Is the host one of this machine's own addresses, which nobody else can reach? */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

/** An absolute URL, `https:` unless the host is this machine, without credentials, query or fragment. */
export function parseUrl(text: string): URL | Unfit {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['https:', 'http:'].includes(url.protocol)) {
    return new Unfit('is not an absolute https URL', 'write it whole, such as https://sso.example.org');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return new Unfit('is not https', 'write https://…; plain http is for addresses of this machine only');
  }
  if (url.username !== '' || url.password !== '') {
    return new Unfit('carries a user name or password', 'remove them from the URL');
  }
  if (url.hash !== '') return new Unfit('carries a fragment (#…)', 'remove the fragment');
  return url;
}

const literal = { type: 'string', format: 'uri' };

export function urls(scalars: Scalars) {
  const { source, textual } = scalars;

  /** A URL exactly as written: SAML compares such strings code point by code point. */
  const url = () =>
    value(source, {
      title: 'URL',
      literal,
      parse: textual((text) => {
        const parsed = parseUrl(text);
        return parsed instanceof Unfit ? parsed : text;
      }),
    });

  /** An origin or base: no query; `ending` says whether the result ends with a slash. */
  const baseUrl = (ending: '' | '/', options: { readonly originOnly?: boolean } = {}) =>
    value(source, {
      title: 'URL',
      literal,
      parse: textual((text) => {
        const parsed = parseUrl(text);
        if (parsed instanceof Unfit) return parsed;
        if (parsed.search !== '') return new Unfit('carries a query (?…)', 'remove the query');
        if (options.originOnly === true && parsed.pathname !== '/') {
          return new Unfit('carries a path', `write ${parsed.origin}`);
        }
        return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '') + ending;
      }),
    });

  return { url, baseUrl };
}
