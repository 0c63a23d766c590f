/** Where the program reads the time: milliseconds since 1970-01-01T00:00:00Z. Injected, so that a test sets it. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
