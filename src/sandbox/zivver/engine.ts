import { createIdSource, systemClock, systemRandom, type Clock, type IdSource } from '../../shared/index.js';
import { ExpiringMap } from '../expiring-map.js';
import type { SandboxKeyPair } from '../key-pair.js';
import { readIdpMetadata, spMetadataXml, type IdpDescription, type SpDescription } from '../saml-metadata.js';
import { AccountDirectory } from './accounts.js';
import { BudgetCounter, type RequestBudget } from './budget.js';
import { Misbehaviour } from './faults.js';
import { LoginDesk } from './login.js';
import type { ZivverStandInOptions } from './options.js';
import { ResponseCheck } from './response-check.js';
import { ScimGate } from './scim-gate.js';

export const ZIVVER_ENTITY_ID = 'https://app.zivver.com/SAML/Zivver';
/** https://app.zivver.com/api/sso/saml/consumer/ — the slash at the end is Zivver's. */
export const ACS_PATH = '/api/sso/saml/consumer/';
export const METADATA_PATH = '/api/sso/saml/meta';
export const SCIM_PATH = '/api/scim/v2/';

const ZIVVER_BUDGET: RequestBudget = { requests: 50, windowMs: 10_000 };
const REQUEST_LIFETIME_MS = 600_000;
export const SESSION_LIFETIME_MS = 8 * 3_600_000;

/** The stand-in without its HTTP: everything that it remembers. */
export class StandInEngine {
  readonly options: ZivverStandInOptions;
  readonly url: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly accounts: AccountDirectory;
  readonly domain: string;
  readonly freeAccounts: ReadonlySet<string>;
  readonly budget: RequestBudget;
  readonly misbehaviour: Misbehaviour;
  readonly gate: ScimGate;
  readonly desk: LoginDesk;
  readonly requests: ExpiringMap<true>;
  /** Session id → address. */
  readonly sessions: ExpiringMap<string>;
  readonly sp: SpDescription;
  readonly metadataXml: string;
  /** Null where requests are not signed. */
  readonly requestKey: SandboxKeyPair | null;
  readonly closing: AbortSignal;
  idp: IdpDescription | null = null;
  check: ResponseCheck | null = null;

  constructor(options: ZivverStandInOptions, url: string, requestKey: SandboxKeyPair | null, closing: AbortSignal) {
    const random = options.random ?? systemRandom;
    this.options = options;
    this.url = url;
    this.requestKey = requestKey;
    this.closing = closing;
    this.clock = options.clock ?? systemClock;
    this.ids = createIdSource(random);
    this.accounts = new AccountDirectory(random);
    this.domain = options.domain.toLowerCase();
    this.freeAccounts = new Set(options.freeAccounts?.map((address) => address.toLowerCase()));
    this.budget = options.budget ?? ZIVVER_BUDGET;
    this.misbehaviour = new Misbehaviour(this.clock);
    this.gate = new ScimGate(options, new BudgetCounter(this.budget, this.clock), this.misbehaviour);
    this.requests = new ExpiringMap(this.clock, REQUEST_LIFETIME_MS);
    this.sessions = new ExpiringMap(this.clock, SESSION_LIFETIME_MS);
    this.sp = {
      entityId: options.entityId ?? ZIVVER_ENTITY_ID,
      acsUrl: url + ACS_PATH,
      certificates: requestKey === null ? [] : [requestKey.certificate],
      authnRequestsSigned: requestKey !== null,
      // Zivver takes a signature on either, so it cannot insist on the assertion's.
      wantAssertionsSigned: false,
    };
    this.metadataXml = spMetadataXml(this.sp);
    this.desk = new LoginDesk({
      accounts: this.accounts,
      clock: this.clock,
      domain: this.domain,
      domainKey: options.domainKey,
      justInTime: options.justInTime ?? true,
      requests: this.requests,
    });
    this.#seed();
  }

  setIdpMetadata(xml: string): void {
    const idp = readIdpMetadata(xml);
    this.check = new ResponseCheck(this.sp, idp, this.clock);
    this.idp = idp;
  }

  #seed(): void {
    for (const account of this.options.accounts ?? []) {
      const created = this.accounts.create({
        userName: account.userName,
        displayName: account.displayName,
        active: account.active ?? true,
        ssoAccountKey: account.ssoAccountKey ?? null,
        origin: 'seed',
        createdAt: this.clock.now(),
      });
      if (created === null) throw new Error(`the account ${account.userName} is seeded twice`);
    }
    if (this.options.idpMetadata !== undefined) this.setIdpMetadata(this.options.idpMetadata);
    if (this.options.faults !== undefined) this.misbehaviour.plan(this.options.faults);
  }
}
