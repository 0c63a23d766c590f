import { GatewayError } from './errors/table.js';

export interface CircuitBreakerOptions {
  /** Asks the server for a sign of life; bounded in time. */
  readonly probe: () => Promise<unknown>;
  /** Whether an error means that the server hangs, as opposed to one that answers at once. */
  readonly isHang: (error: unknown) => boolean;
  /** What does not answer, for the error's detail. */
  readonly name: string;
  /** Milliseconds between two probes. Default 100. */
  readonly every?: number;
}

/**
 * Spares others the wait for a server that hangs: after one time-out everything fails at once, until a probe in the
 * background is answered. Nothing is refused that would have gone through where the server answers in order, as Redis
 * does on one connection: behind an unanswered probe every command would wait as well.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #isOpen = false;
  #closed = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** @throws GatewayError STORE_UNAVAILABLE at once while the server hangs, else whatever the action throws */
  async run<T>(action: () => Promise<T>): Promise<T> {
    const { name, isHang } = this.#options;
    if (this.#isOpen) throw new GatewayError('STORE_UNAVAILABLE', `${name} hangs and has not answered since`);
    try {
      return await action();
    } catch (error) {
      if (isHang(error)) this.#open();
      throw error;
    }
  }

  /** Stops probing. */
  close(): void {
    this.#closed = true;
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    void this.#probeUntilAnswered();
  }

  async #probeUntilAnswered(): Promise<void> {
    const { probe, every } = this.#options;
    while (!this.#closed) {
      const answered = await probe().then(
        () => true,
        () => false,
      );
      if (answered) {
        this.#isOpen = false;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, every ?? 100).unref());
    }
  }
}
