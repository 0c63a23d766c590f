import type { Clock } from '../../shared/index.js';
import { ExpiringMap } from '../expiring-map.js';
import { DISPLAY_NAME, ZIVVER_ACCOUNT_KEY } from '../namespaces.js';
import { domainOf, type AccountDirectory, type ZivverAccount } from './accounts.js';
import type { LoginRecord } from './options.js';
import { LoginRefused, noConfiguration, type ResponseCheck, type VerifiedResponse } from './response-check.js';

export interface LoginContext {
  readonly accounts: AccountDirectory;
  readonly clock: Clock;
  readonly domain: string;
  readonly domainKey: { readonly attribute: string; readonly value: string };
  readonly justInTime: boolean;
  /** Ids of the requests that went out and were not answered yet. */
  readonly requests: ExpiringMap<true>;
}

export type LoginResult =
  | { readonly outcome: 'logged-in' | 'password-required'; readonly account: ZivverAccount }
  | { readonly outcome: 'refused'; readonly reason: string };

const REPLAY_MEMORY_MS = 3_600_000;

/** Logs people in, and keeps a record of each attempt. */
export class LoginDesk {
  readonly #context: LoginContext;
  readonly #used: ExpiringMap<true>;
  readonly #records: LoginRecord[] = [];

  constructor(context: LoginContext) {
    this.#context = context;
    this.#used = new ExpiringMap(context.clock, REPLAY_MEMORY_MS, 100_000);
  }

  records(): readonly LoginRecord[] {
    return [...this.#records];
  }

  async login(check: ResponseCheck | null, samlResponse: string, relayState: string | null): Promise<LoginResult> {
    let record: LoginRecord = { ...BLANK, at: this.#context.clock.now(), relayState };
    try {
      if (check === null) throw new LoginRefused('No SAML configuration is set up.');
      const response = await check.verify(samlResponse);
      const domainKey = this.#judgeDomainKey(response);
      record = {
        ...record,
        domainKey,
        address: response.address,
        signed: response.signed,
        inResponseTo: response.inResponseTo,
        authnContextClassRef: response.authnContextClassRef,
      };
      this.#assertFresh(response);
      const { account, created } = this.#accountFor(response, domainKey);
      const outcome = account.ssoAccountKey === accountKeyOf(response) ? 'logged-in' : 'password-required';
      record = { ...record, outcome, accountCreated: created, reason: null };
      return { outcome, account };
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      record = { ...record, reason: error.message };
      return { outcome: 'refused', reason: error.message };
    } finally {
      this.#records.push(record);
    }
  }

  #judgeDomainKey({ attributes }: VerifiedResponse): 'right' | 'wrong' | 'absent' {
    const values = attributes.get(this.#context.domainKey.attribute) ?? [];
    if (values.length === 0) return 'absent';
    return values.length === 1 && values[0] === this.#context.domainKey.value ? 'right' : 'wrong';
  }

  #assertFresh(response: VerifiedResponse): void {
    if (response.inResponseTo !== null && this.#context.requests.take(response.inResponseTo) === undefined) {
      throw new LoginRefused('The response answers no open request.');
    }
    if (this.#used.get(response.assertionId) === true) throw new LoginRefused('The assertion was used before.');
    this.#used.set(response.assertionId, true);
  }

  #accountFor(
    response: VerifiedResponse,
    domainKey: 'right' | 'wrong' | 'absent',
  ): { readonly account: ZivverAccount; readonly created: boolean } {
    const accountKey = accountKeyOf(response);
    const existing = this.#context.accounts.findByAddress(response.address);
    if (existing !== undefined && domainKey !== 'wrong') {
      if (!existing.active) throw new LoginRefused('This account is suspended.');
      return { account: existing, created: false };
    }
    // What Zivver answers to a wrong DomainKey is not public. It has no account to create then, so it is taken to
    // say what it says of any address that it cannot place; a wrong key counts as a foreign organisation.
    const mayCreate =
      this.#context.justInTime && domainKey === 'right' && domainOf(response.address) === this.#context.domain;
    const account = mayCreate
      ? this.#context.accounts.create({
          userName: response.address,
          displayName: response.attributes.get(DISPLAY_NAME)?.[0] ?? response.address,
          active: true,
          ssoAccountKey: accountKey,
          origin: 'just-in-time',
          createdAt: this.#context.clock.now(),
        })
      : null;
    if (account === null) throw new LoginRefused(noConfiguration(response.address, response.issuer));
    return { account, created: true };
  }
}

const BLANK: LoginRecord = {
  at: 0,
  outcome: 'refused',
  reason: null,
  address: null,
  accountCreated: false,
  domainKey: null,
  signed: null,
  inResponseTo: null,
  authnContextClassRef: null,
  relayState: null,
};

function accountKeyOf({ attributes }: VerifiedResponse): string {
  const key = attributes.get(ZIVVER_ACCOUNT_KEY)?.[0] ?? '';
  if (key === '') {
    throw new LoginRefused(
      `Required attribute '${ZIVVER_ACCOUNT_KEY}' is missing. Please map this attribute to a unique user-specific value`,
    );
  }
  return key;
}
