/** What `withinTime` throws; told apart from the error of the work itself. */
export class TimeLimitExceeded extends Error {
  override readonly name = 'TimeLimitExceeded';
  /** Milliseconds. */
  readonly limit: number;

  constructor(limit: number) {
    super(`no answer within ${limit} ms`);
    this.limit = limit;
  }
}

/**
 * Waits for `work`, but at most `limit` milliseconds of real time. The work itself is not stopped.
 * @throws TimeLimitExceeded, or what the work throws
 */
export async function withinTime<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new TimeLimitExceeded(limit));
    }, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
