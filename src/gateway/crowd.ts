/** The logins of one server that are under way. */
export class Crowd {
  #size = 0;

  /** Runs a login, which is one of them until it ends. */
  async during<Result>(login: () => Promise<Result>): Promise<Result> {
    this.#size++;
    try {
      return await login();
    } finally {
      this.#size--;
    }
  }

  /** Whether there is no more than one. */
  readonly isOfOne = (): boolean => this.#size <= 1;
}
