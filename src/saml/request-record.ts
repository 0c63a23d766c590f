/** What we remember of an SP-initiated login between our AuthnRequest and the IdP's response. */
export interface AuthnRequestRecord {
  /** ID of the AuthnRequest that we sent; the key under which the record is stored. */
  readonly id: string;
  /** Name of the identity provider that it was sent to. */
  readonly idp: string;
  /** ID of the service provider's AuthnRequest; `null` where the login began at the gateway. */
  readonly spRequestId: string | null;
  readonly relayState: string | null;
  /** Where the service provider wants the answer. */
  readonly acsUrl: string;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Digest of the value of the cookie that binds the login to one browser. */
  readonly browserBinding: string;
}

export function serializeRequestRecord(record: AuthnRequestRecord): string {
  const { id, idp, spRequestId, relayState, acsUrl, createdAt, expiresAt, browserBinding } = record;
  return JSON.stringify({ id, idp, spRequestId, relayState, acsUrl, createdAt, expiresAt, browserBinding });
}

/** Reads what `serializeRequestRecord` wrote; `null` where the text is anything else, which counts as not found. */
export function parseRequestRecord(text: string): AuthnRequestRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is AuthnRequestRecord {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const text = (name: string) => typeof fields[name] === 'string';
  const textOrNull = (name: string) => fields[name] === null || text(name);
  return (
    ['id', 'idp', 'acsUrl', 'browserBinding'].every(text) &&
    ['spRequestId', 'relayState'].every(textOrNull) &&
    ['createdAt', 'expiresAt'].every((name) => Number.isFinite(fields[name]))
  );
}
