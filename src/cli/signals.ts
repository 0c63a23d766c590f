/** SIGHUP of a process that may still be starting. From the making on it does not end the process. */
export class Hangups {
  #act: (() => unknown) | null = null;
  #came = false;

  constructor() {
    process.on('SIGHUP', () => {
      if (this.#act === null) this.#came = true;
      else this.#act();
    });
  }

  /** What is done at each from now on, and at once where one came before. */
  handle(act: () => unknown): void {
    this.#act = act;
    if (this.#came) act();
  }
}

type Stop = 'SIGTERM' | 'SIGINT';

/** Resolves with the first SIGTERM or SIGINT, or one of `others`; the same one again ends the process at once. */
export function untilStopped<Other extends NodeJS.Signals = never>(...others: readonly Other[]): Promise<Stop | Other> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT', ...others] as const) {
      process.once(name, () => {
        resolve(name);
      });
    }
  });
}
