/** The logins of one server whose response is being verified and made. */
export class Crowd {
  #size = 0;
  #met = false;

  /** Runs that part of a login, which is one of them until it ends. */
  async during<Result>(login: () => Promise<Result>): Promise<Result> {
    this.#size++;
    if (this.#size > 1) this.#met = true;
    try {
      return await login();
    } finally {
      this.#size--;
      if (this.#size === 0) this.#met = false;
    }
  }

  /**
   * Whether there has been no more than one since there was none. The last of many is not alone: more may be about to
   * come, and would have to wait for it.
   */
  readonly isOfOne = (): boolean => !this.#met;
}
