import { isAbsoluteUri } from './characters.js';
import { interned } from './interned.js';

/** How many are kept at hand, and how long each may be: enough for every document of a kind, and no burden. */
const MOST = 256;
const LONGEST = 128;

/** Those that were found fit, in whichever document. */
const fit = new Map<string, string>();

/** The one that is kept of a namespace name; undefined where none is. */
export function keptNamespaceName(uri: string): string | undefined {
  return fit.get(uri);
}

/**
 * A namespace name that is fit for canonicalization (`isAbsoluteUri`), interned where it can be expected to come again;
 * null where it is not fit.
 *
 * @param keep whether it may be kept, which costs several times what it costs to look at it
 */
export function fitNamespaceName(uri: string, keep = true): string | null {
  const known = fit.get(uri);
  if (known !== undefined) return known;
  if (!isAbsoluteUri(uri)) return null;
  if (!keep || uri.length > LONGEST) return uri;
  if (fit.size >= MOST) fit.clear();
  const own = interned(uri);
  fit.set(own, own);
  return own;
}
