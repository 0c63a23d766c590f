// Others get the write lock meanwhile.
const BETWEEN_PASSES = 100;

/** Removes what has expired, pass after pass, however much has piled up. A pass that fails is tried again next time. */
export class Sweeper {
  readonly #pass: () => Promise<boolean>;
  readonly #every: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #isStopped = false;

  /**
   * @param pass resolves to whether there is more to do in this round
   * @param every milliseconds between two rounds
   */
  constructor(pass: () => Promise<boolean>, every: number) {
    this.#pass = pass;
    this.#every = every;
    this.#runIn(every);
  }

  /** Resolves when no pass is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #runIn(delay: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, delay);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    const isMore = await this.#pass().catch(() => false);
    this.#runIn(isMore ? Math.min(BETWEEN_PASSES, this.#every) : this.#every);
  }
}
