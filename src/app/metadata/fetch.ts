import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { GatewayError } from '../../shared/index.js';
import { AddressGuard, ruleFor, type AddressGuardOptions } from './address-guard.js';

export interface FetchLimits {
  /** Bytes of the document. */
  readonly bytes: number;
  /** Milliseconds for all of it: names, connections, redirects, body. */
  readonly time: number;
  readonly redirects: number;
}

const defaultFetchLimits: FetchLimits = { bytes: 1024 * 1024, time: 10_000, redirects: 3 };

/** What the server said about a document, to ask next time whether it changed (RFC 9110 §8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type Fetched =
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'document'; readonly bytes: Uint8Array; readonly validators: Validators };

interface FetchRequest {
  readonly url: string;
  readonly allowPrivateAddress: boolean;
  /** Of the copy that we have; absent when we have none. */
  readonly validators?: Validators;
  /** Ends the fetch before its time. */
  readonly signal?: AbortSignal;
}

/** @throws GatewayError METADATA_ADDRESS_REFUSED, METADATA_UNREACHABLE, METADATA_TOO_LARGE */
export type MetadataFetcher = (request: FetchRequest) => Promise<Fetched>;

export interface FetcherOptions extends AddressGuardOptions {
  /** PEM certificate authorities in place of Node's own. */
  readonly ca?: string;
  readonly limits?: Partial<FetchLimits>;
}

interface Context {
  readonly guard: AddressGuard;
  readonly limits: FetchLimits;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];
const NOTHING: Validators = { etag: null, lastModified: null };

export function createMetadataFetcher(options: FetcherOptions = {}): MetadataFetcher {
  const guard = new AddressGuard(options);
  const limits = { ...defaultFetchLimits, ...options.limits };
  return async (request) => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      abort.abort();
    }, limits.time);
    const signal = request.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, request.signal]);
    try {
      return await follow(request, { guard, limits, ca: options.ca, signal });
    } catch (error) {
      if (abort.signal.aborted) {
        throw new GatewayError('METADATA_UNREACHABLE', `${hostOf(request.url)} did not answer in ${limits.time} ms.`);
      }
      throw unreachable(request.url, error);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function follow(request: FetchRequest, context: Context): Promise<Fetched> {
  let url = new URL(request.url);
  for (let hops = 0; hops <= context.limits.redirects; hops += 1) {
    const response = await open(url, request, context);
    try {
      const next = redirectTarget(url, response);
      if (next === null) return await read(url, response, request.validators ?? NOTHING, context.limits.bytes);
      url = next;
    } finally {
      response.destroy();
    }
  }
  throw new GatewayError('METADATA_UNREACHABLE', `More than ${context.limits.redirects} redirects.`);
}

/** Sends the request and resolves with the response, its body not yet read. */
function open(url: URL, request: FetchRequest, context: Context): Promise<IncomingMessage> {
  const rule = ruleFor(url, request.allowPrivateAddress);
  context.guard.assertLiteral(url, rule);
  const secure = url.protocol === 'https:';
  const options: RequestOptions = {
    method: 'GET',
    headers: requestHeaders(request.validators ?? NOTHING),
    lookup: context.guard.lookupFor(rule),
    signal: context.signal,
    // A connection of its own: one out of a pool was judged by the rule of another request.
    agent: secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment does not switch it off.
    rejectUnauthorized: true,
    ...(context.ca === undefined ? {} : { ca: context.ca }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = secure ? httpsRequest(url, options) : httpRequest(url, options);
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function requestHeaders({ etag, lastModified }: Validators): Record<string, string> {
  return {
    accept: 'application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1',
    'accept-encoding': 'identity',
    'user-agent': 'claims-gateway',
    ...(etag === null ? {} : { 'if-none-match': etag }),
    ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
  };
}

function redirectTarget(from: URL, response: IncomingMessage): URL | null {
  const { location } = response.headers;
  if (!REDIRECTS.includes(response.statusCode) || location === undefined) return null;
  if (!URL.canParse(location, from.href)) {
    throw new GatewayError('METADATA_UNREACHABLE', `${from.host} redirects to something unreadable.`);
  }
  const target = new URL(location, from.href);
  if (from.protocol === 'https:' && target.protocol !== 'https:') {
    throw new GatewayError('METADATA_ADDRESS_REFUSED', `${from.host} redirects from https to ${target.protocol}`);
  }
  return target;
}

async function read(url: URL, response: IncomingMessage, sent: Validators, limit: number): Promise<Fetched> {
  const conditional = sent.etag !== null || sent.lastModified !== null;
  if (response.statusCode === 304 && conditional) return { kind: 'not-modified' };
  if (response.statusCode !== 200) {
    throw new GatewayError('METADATA_UNREACHABLE', `${url.host} answered with status ${response.statusCode ?? 0}.`);
  }
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new GatewayError('METADATA_UNREACHABLE', `${url.host} compresses the document, which we do not ask for.`);
  }
  const bytes = await readBody(url, response, limit);
  return { kind: 'document', bytes, validators: validatorsOf(response) };
}

async function readBody(url: URL, response: IncomingMessage, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new GatewayError('METADATA_TOO_LARGE', `${url.host} sends more than ${limit} bytes.`);
  if (Number(response.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

// Kept on disk and sent again, so only in the form of RFC 9110 §8.8.3 and of no unreasonable length.
function validatorsOf({ headers }: IncomingMessage): Validators {
  const { etag } = headers;
  const lastModified = headers['last-modified'];
  return {
    etag: etag !== undefined && /^(W\/)?"[\x21\x23-\x7e]{0,512}"$/.test(etag) ? etag : null,
    lastModified:
      lastModified !== undefined && lastModified.length < 64 && !Number.isNaN(Date.parse(lastModified))
        ? lastModified
        : null,
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'The URL';
}

function unreachable(url: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable answer';
  return new GatewayError('METADATA_UNREACHABLE', `${hostOf(url)}: ${code}`, { cause: error });
}
