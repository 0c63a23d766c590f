// Crockford's base 32 reads what is easily taken for another symbol: O as 0, I and L as 1.
const MISREAD: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };

/** A reference id as it was heard or typed, in the form in which it is stored; null when it cannot be one. */
export function readReference(text: string): string | null {
  const symbols = text
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replace(/[OIL]/g, (symbol) => MISREAD[symbol] ?? symbol);
  if (!/^[0-9A-HJKMNP-TV-Z]{12}$/.test(symbols)) return null;
  return `${symbols.slice(0, 4)}-${symbols.slice(4, 8)}-${symbols.slice(8)}`;
}
