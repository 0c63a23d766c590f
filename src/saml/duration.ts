const DURATION =
  /^P(?=[\dT])(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/;

const SECOND = 1000;
const DAY = 86_400 * SECOND;
/** Of years, months, days, hours, minutes, seconds; a year and a month are taken as short as they come. */
const UNITS = [365 * DAY, 28 * DAY, DAY, 3600 * SECOND, 60 * SECOND, SECOND];

/** Milliseconds of a non-negative xs:duration (saml-metadata §2.3.1, cacheDuration); `null` where it is none. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  return UNITS.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0);
}
