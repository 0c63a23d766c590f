import type { Logger } from 'pino';
import { errorTable, GatewayError, type Clock } from '../shared/index.js';

/** How long the same complaint is not repeated. Milliseconds. */
const EVERY = 60_000;

/**
 * Writes to the log what connections to the store complain of. They are made anew several times a second, so each
 * complaint is written when it comes up and then once a minute.
 */
export function storeComplaints(log: Logger, clock: Clock): (error: Error) => void {
  const written = new Map<string, number>();
  return (error) => {
    const now = clock.now();
    for (const [text, at] of written) if (now - at >= EVERY) written.delete(text);
    if (written.has(error.message)) return;
    written.set(error.message, now);
    const { code, entry } = error instanceof GatewayError ? error : { code: null, entry: errorTable.STORE_UNAVAILABLE };
    log.warn(
      { ...(code === null ? {} : { code }), detail: error.message, remedy: entry.remedy },
      'the store does not answer',
    );
  };
}
