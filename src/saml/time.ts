// saml-core §1.3.3: UTC, so `Z` and no offset. Hour 24 and leap seconds are xs:dateTime's and ISO's oddities that no
// IdP sends and that readers disagree about.
const UTC_DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?Z$/;

/** Milliseconds since the epoch, with what fraction the text has; `null` where it is not a UTC xs:dateTime. */
export function parseDateTime(text: string): number | null {
  const match = UTC_DATE_TIME.exec(text);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(0);
  // Not Date.UTC, which takes the years before 100 for ones of the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  // 30 February would be 1 March: what is no day of the calendar comes out in another month than it went in.
  if (date.getUTCMonth() !== month - 1) return null;
  const whole = date.setUTCHours(Number(match[4]), Number(match[5]), Number(match[6]));
  return match[7] === undefined ? whole : whole + Number(`0.${match[7]}`) * 1000;
}

/** The form in which we write times: UTC with milliseconds. */
export function formatDateTime(ms: number): string {
  return new Date(ms).toISOString();
}
