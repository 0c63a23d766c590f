import { isAbsoluteUri } from './characters.js';
import { interned } from './interned.js';

/** How many are kept at hand, and how long each may be: enough for every document of a kind, and no burden. */
const MOST = 256;
const LONGEST = 128;

/** Those that were found fit, in whichever document. */
const fit = new Map<string, string>();

/**
 * A namespace name that is fit for canonicalization (`isAbsoluteUri`), interned where it can be expected to come again;
 * null where it is not fit.
 */
export function fitNamespaceName(uri: string): string | null {
  const known = fit.get(uri);
  if (known !== undefined) return known;
  if (!isAbsoluteUri(uri)) return null;
  if (uri.length > LONGEST) return uri;
  if (fit.size >= MOST) fit.clear();
  const own = interned(uri);
  fit.set(own, own);
  return own;
}
