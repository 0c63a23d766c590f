// autocannon brings no types; only what is used here.
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events';

  export interface Request {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    body?: Buffer;
    readonly setupRequest: (request: Request) => Request;
  }

  export interface Options {
    readonly url: string;
    readonly connections: number;
    /** Requests of all connections together. */
    readonly amount: number;
    /** Seconds. */
    readonly timeout: number;
    readonly requests: readonly Request[];
    readonly setupClient: (client: EventEmitter) => void;
  }

  export interface Result {
    readonly errors: number;
    readonly non2xx: number;
    /** Milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number };
  }

  const autocannon: (options: Options) => Promise<Result>;
  export { autocannon as default };
}
