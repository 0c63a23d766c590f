/**
 * The same text as a property's name has it. The engine keeps one copy of those, so comparing two is comparing two
 * addresses; and that copy does not keep the document alive which the text was cut out of.
 */
export function interned(text: string): string {
  const [name] = Object.keys({ [text]: null });
  return name ?? text;
}
