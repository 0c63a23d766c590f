import { z } from 'zod';
import type { Clock } from '../../shared/index.js';
import { domainOf, type AccountDirectory, type ZivverAccount } from './accounts.js';
import type { Operation } from './faults.js';

/** The paths are below `…/api/scim/v2`. */
export interface ScimRequest {
  readonly method: string;
  readonly path: string;
  readonly filter: string | null;
  readonly contentType: string;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ScimContext {
  readonly accounts: AccountDirectory;
  readonly domain: string;
  readonly freeAccounts: ReadonlySet<string>;
  readonly clock: Clock;
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const ZIVVER_USER = 'urn:ietf:params:scim:schemas:zivver:0.1:User';
const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const BODY_TYPES = new Set(['application/json', 'application/scim+json']);

// The smallest body that any client sends; `schemas` is not enforced (observed).
const newUserSchema = z.object({
  userName: z.string().trim().min(3).includes('@'),
  active: z.boolean(),
  name: z.object({ formatted: z.string().min(1) }),
  [ZIVVER_USER]: z.object({ SsoAccountKey: z.string().min(1).optional() }).optional(),
});

export function operationOf({ method, path, filter }: Pick<ScimRequest, 'method' | 'path' | 'filter'>): Operation {
  const one = /^\/Users\/[^/]+$/.test(path);
  if (path === '/Users' && method === 'GET') return filter === null ? 'list' : 'find';
  if (path === '/Users' && method === 'POST') return 'create';
  if (!one) return 'other';
  return ({ GET: 'read', PUT: 'replace', PATCH: 'modify', DELETE: 'remove' } as const)[method] ?? 'other';
}

/** Carries a request out, with the quirks that public clients report of Zivver (plain text, 400 for an unknown id). */
export function performScim(context: ScimContext, request: ScimRequest): Answer {
  switch (operationOf(request)) {
    case 'list':
      // Clients read everything at once: paging is not known of Zivver, so `count` and `startIndex` change nothing.
      return listAnswer(context.accounts.all());
    case 'find':
      return find(context, request.filter ?? '');
    case 'read': {
      const id = decodeURIComponent(request.path.slice('/Users/'.length));
      const account = context.accounts.findById(id);
      return account === undefined ? text(400, `Unknown account with uuid: ${id}`) : json(200, resource(account));
    }
    case 'create':
      return create(context, request);
    // The gateway must never change or remove an account: refused, and counted for the tests to see.
    case 'replace':
    case 'modify':
    case 'remove':
      return codeAndMessage(405, 'HTTP 405 Method Not Allowed');
    case 'other':
    case 'acs':
      return codeAndMessage(404, 'HTTP 404 Not Found');
  }
}

function find(context: ScimContext, filter: string): Answer {
  const literal = /^\s*userName\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i.exec(filter)?.[1];
  if (literal === undefined) return text(400, 'Unsupported filter');
  const userName = parseJson(literal);
  if (typeof userName !== 'string') return text(400, 'Unsupported filter');
  const account = context.accounts.findByAddress(userName);
  return listAnswer(account === undefined ? [] : [account]);
}

function create(context: ScimContext, request: ScimRequest): Answer {
  const mediaType = request.contentType.split(';', 1).join('').trim().toLowerCase();
  if (!BODY_TYPES.has(mediaType)) return codeAndMessage(415, 'HTTP 415 Unsupported Media Type');
  const parsed = newUserSchema.safeParse(parseJson(request.body));
  if (!parsed.success) return text(400, 'userName, active and name.formatted are required');
  const { userName, active, name, [ZIVVER_USER]: extension } = parsed.data;
  if (domainOf(userName) !== context.domain || context.freeAccounts.has(userName.toLowerCase())) {
    return text(400, 'Account is outside the organization');
  }
  const account = context.accounts.create({
    userName,
    displayName: name.formatted,
    active,
    ssoAccountKey: extension?.SsoAccountKey ?? null,
    origin: 'scim',
    createdAt: context.clock.now(),
  });
  // Observed: a duplicate has no body, unlike RFC 7644 §3.3.
  return account === null ? { status: 409, headers: {}, body: '' } : json(201, resource(account));
}

function listAnswer(accounts: readonly ZivverAccount[]): Answer {
  return json(200, {
    schemas: [LIST_RESPONSE],
    totalResults: accounts.length,
    itemsPerPage: accounts.length,
    startIndex: 1,
    Resources: accounts.map(resource),
  });
}

/** SsoAccountKey is write-only, created is a date without time, location is relative: all observed. */
function resource(account: ZivverAccount): object {
  return {
    schemas: [USER, ENTERPRISE_USER, ZIVVER_USER],
    id: account.id,
    userName: account.userName,
    name: { formatted: account.displayName },
    active: account.active,
    phoneNumbers: [],
    [ENTERPRISE_USER]: { division: '/' },
    [ZIVVER_USER]: { aliases: [], delegates: [] },
    meta: {
      resourceType: 'User',
      created: new Date(account.createdAt).toISOString().slice(0, 10),
      location: `/scim/v2/Users/${account.id}`,
    },
  };
}

export function json(status: number, value: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export function text(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

export function codeAndMessage(code: number, message: string): Answer {
  return json(code, { code, message });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
