import type { ScimConfig } from '../../config/index.js';
import { userNameFilter } from './user.js';

export type Fetch = typeof globalThis.fetch;

/** What came back from Zivver, before anybody judged it. */
export type RawAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly header: (name: string) => string | null;
      /** Null when the body broke off or is longer than the limit. */
      readonly body: string | null;
    }
  /** No answer: network fault or time-out. */
  | { readonly kind: 'silence'; readonly detail: string };

export interface ScimClientOptions {
  readonly scim: ScimConfig;
  readonly fetch: Fetch;
  /** Version of this program, for the User-Agent. */
  readonly version: string;
}

// A user takes about 1 KB; a list that was filtered by userName never comes near this.
const LONGEST_BODY = 1_048_576;

/**
 * Zivver's SCIM interface as far as the gateway uses it. There is deliberately no way to send anything but
 * `GET Users` and `POST Users`.
 */
export class ScimClient {
  readonly #options: ScimClientOptions;

  constructor(options: ScimClientOptions) {
    this.#options = options;
  }

  /**
   * `GET Users?filter=userName eq "…"`
   *
   * @param traceparent W3C Trace Context of the call, where it is traced
   */
  findUser(userName: string, reference: string, traceparent: string | null = null): Promise<RawAnswer> {
    const query = new URLSearchParams({ filter: userNameFilter(userName) });
    return this.#send('GET', `?${query.toString()}`, null, reference, traceparent);
  }

  createUser(resource: object, reference: string, traceparent: string | null = null): Promise<RawAnswer> {
    return this.#send('POST', '', JSON.stringify(resource), reference, traceparent);
  }

  /** Asks whether the token is accepted, by a search that finds nobody: `count=1` is not known to shorten a list. */
  probe(stopping?: AbortSignal): Promise<RawAnswer> {
    const query = new URLSearchParams({ filter: userNameFilter('nobody@claims-gateway.invalid') });
    return this.#send('GET', `?${query.toString()}`, null, null, null, stopping);
  }

  async #send(
    method: 'GET' | 'POST',
    query: string,
    body: string | null,
    reference: string | null,
    traceparent: string | null,
    stopping?: AbortSignal,
  ): Promise<RawAnswer> {
    const { scim, fetch } = this.#options;
    const timeout = AbortSignal.timeout(scim.timeout);
    try {
      const response = await fetch(new URL(`Users${query}`, scim.baseUrl), {
        method,
        headers: { ...this.#headers(body !== null, reference), ...(traceparent === null ? {} : { traceparent }) },
        body,
        // A redirect would carry the token to another place.
        redirect: 'manual',
        signal: stopping === undefined ? timeout : AbortSignal.any([timeout, stopping]),
      });
      return {
        kind: 'answer',
        status: response.status,
        header: (name) => response.headers.get(name),
        body: await readBounded(response),
      };
    } catch (error) {
      return { kind: 'silence', detail: describe(error) };
    }
  }

  #headers(hasBody: boolean, reference: string | null): Record<string, string> {
    const { scim, version } = this.#options;
    // Nothing but the reference's own alphabet reaches the header.
    const comment = reference === null ? '' : ` (${reference.replace(/[^0-9A-Za-z-]/g, '')})`;
    return {
      accept: scim.mediaType,
      authorization: `Bearer ${sentToken(scim)}`,
      'user-agent': `claims-gateway/${version}${comment}`,
      ...(hasBody ? { 'content-type': scim.mediaType } : {}),
    };
  }
}

/** The API key as it goes over the wire. */
export function sentToken({ token, tokenEncoding }: ScimConfig): string {
  return tokenEncoding === 'base64' ? Buffer.from(token.reveal()).toString('base64') : token.reveal();
}

async function readBounded(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      const bytes = chunk as Uint8Array;
      length += bytes.length;
      // Leaving the loop cancels the stream.
      if (length > LONGEST_BODY) return null;
      chunks.push(bytes);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

// Node's fetch says only "fetch failed"; the reason is in the cause.
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
