import { GatewayError } from '../../src/shared/index.js';

/** What reading comes to: its result, or what the refusal says. */
export function outcomeOf(read: () => string): string {
  try {
    return read();
  } catch (fault) {
    if (!(fault instanceof GatewayError)) throw fault;
    return fault.message;
  }
}
