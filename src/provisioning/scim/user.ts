import type { TenantSettings } from '../settings.js';
import type { AccountRequest } from '../job.js';

const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
/** Zivver's extension; `SsoAccountKey` must equal the assertion's ZivverAccountKey and is never given back. */
const ZIVVER_USER = 'urn:ietf:params:scim:schemas:zivver:0.1:User';

/** What is read of a user resource (RFC 7643 §4.1). */
export interface ScimUser {
  readonly id: string;
  readonly userName: string;
  readonly formattedName: string | null;
  readonly active: boolean | null;
  readonly resourceType: string | null;
}

/** A new account's resource: what the assertion says and nothing else. */
export function newUser(request: AccountRequest, settings: Pick<TenantSettings, 'active' | 'division'>): object {
  return {
    schemas: [CORE_USER, ...(settings.division === undefined ? [] : [ENTERPRISE_USER]), ZIVVER_USER],
    userName: request.address,
    active: settings.active,
    // Every client that was seen sends a name; an assertion without one leaves the address to stand for it.
    name: { formatted: request.displayName ?? request.address },
    ...(settings.division === undefined ? {} : { [ENTERPRISE_USER]: { division: settings.division } }),
    [ZIVVER_USER]: { SsoAccountKey: request.accountKey },
  };
}

/** Reads a user resource; null when it has no id or no userName. */
export function readUser(value: unknown): ScimUser | null {
  const id = text(member(value, 'id'));
  const userName = text(member(value, 'userName'));
  if (id === null || id === '' || userName === null) return null;
  const active = member(value, 'active');
  return {
    id,
    userName,
    formattedName: text(member(member(value, 'name'), 'formatted')),
    active: typeof active === 'boolean' ? active : null,
    resourceType: text(member(member(value, 'meta'), 'resourceType')),
  };
}

/**
 * Reads a list response (RFC 7644 §3.4.2); null when it is none. `Resources` may be left out only when there are no
 * results.
 */
export function readUserList(value: unknown): ScimUser[] | null {
  const resources = member(value, 'Resources');
  if (resources === undefined) return member(value, 'totalResults') === 0 ? [] : null;
  if (!Array.isArray(resources)) return null;
  const users = resources.map(readUser);
  return users.every((user) => user !== null) ? users : null;
}

/** A string as a filter's comparison value: a JSON string (RFC 7644 §3.4.2.2). */
export function userNameFilter(userName: string): string {
  return `userName eq ${JSON.stringify(userName)}`;
}

export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
