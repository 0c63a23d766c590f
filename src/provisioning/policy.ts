/** What a verified login says about the person; the input of the provisioning decision. */
export interface LoginFacts {
  /** How accounts are made, by the configuration that the login began with; a reload meanwhile changes nothing. */
  readonly mode: ProvisioningMode;
  /** Name of the Zivver organisation. */
  readonly tenant: string;
  /** The tenant's one domain (facts: just-in-time provisioning works for one domain per tenant). */
  readonly domain: string;
  /** Name of the identity provider's configuration. */
  readonly idp: string;
  /** E-mail address of the NameID, as the assertion writes it. */
  readonly address: string;
  /** ZivverAccountKey of the assertion; null when there is none. A credential. */
  readonly accountKey: string | null;
  readonly displayName: string | null;
  /** The login's reference, as on the error page and in the audit log. */
  readonly reference: string;
  /** Time of the login, milliseconds since the epoch. */
  readonly at: number;
  /** W3C Trace Context of the login, where it is traced. */
  readonly traceparent?: string;
}

export type ProvisioningMode = 'scim' | 'observe' | 'off';

export type SkipReason = 'other-domain' | 'known' | 'not-a-user' | 'off';

/**
 * - `create`: find the account, create it when there is none.
 * - `observe`: Zivver creates it; look afterwards that it has.
 */
export type Decision =
  { readonly action: 'create' | 'observe' } | { readonly action: 'skip'; readonly reason: SkipReason };

/** Whether a login leads to a job. `known`: an outcome for this tenant and address is on record. */
export function decide(login: LoginFacts, known: boolean): Decision {
  if (login.mode === 'off') return { action: 'skip', reason: 'off' };
  if (domainOf(login.address) !== login.domain.toLowerCase()) return { action: 'skip', reason: 'other-domain' };
  // A functional account cannot sign in, and without a key Zivver would not take the login (facts §2.3).
  if (login.accountKey === null || login.accountKey === '') return { action: 'skip', reason: 'not-a-user' };
  if (known) return { action: 'skip', reason: 'known' };
  return { action: login.mode === 'scim' ? 'create' : 'observe' };
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
