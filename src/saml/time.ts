// saml-core §1.3.3: UTC, so `Z` and no offset. Hour 24 and leap seconds are xs:dateTime's and ISO's oddities that no
// IdP sends and that readers disagree about.
const UTC_DATE_TIME = /^(\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?Z$/;

/** Milliseconds since the epoch, with what fraction the text has; `null` where it is not a UTC xs:dateTime. */
export function parseDateTime(text: string): number | null {
  const match = UTC_DATE_TIME.exec(text);
  const seconds = match?.[1];
  if (match === null || seconds === undefined) return null;
  const whole = Date.parse(`${seconds}Z`);
  // V8 takes 30 February as 1 March; only what comes out as it went in is a day of the calendar.
  if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 19) !== seconds) return null;
  return match[2] === undefined ? whole : whole + Number(`0.${match[2]}`) * 1000;
}

/** The form in which we write times: UTC with milliseconds. */
export function formatDateTime(ms: number): string {
  return new Date(ms).toISOString();
}
