/** A text as it can lie in a file: plain, UTF-16, hexadecimal, and base64 at each of its three alignments. */
export function spellings(text: string): string[] {
  const base64 = [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    const inner = (form: 'base64' | 'base64url') => encoded.toString(form).slice(shift === 0 ? 0 : 4, -4);
    return [inner('base64'), inner('base64url')];
  });
  const utf16 = Buffer.from(text, 'utf16le').toString('latin1');
  return [text, utf16, Buffer.from(text).toString('hex'), ...base64];
}
