import type { Clock, RandomBytes } from '../../shared/index.js';
import type { SandboxKeyPair } from '../key-pair.js';
import type { ListenAddress } from '../site.js';
import type { ZivverAccount } from './accounts.js';
import type { RequestBudget } from './budget.js';
import type { MisbehaviourPlan, Operation } from './faults.js';

/** An account that is there from the start. */
export interface SeedAccount {
  readonly userName: string;
  readonly displayName: string;
  readonly active?: boolean;
  readonly ssoAccountKey?: string;
}

export interface ZivverStandInOptions extends ListenAddress {
  /** The organisation's one domain. */
  readonly domain: string;
  readonly domainKey: { readonly attribute: string; readonly value: string };
  /** The bearer key of SCIM. */
  readonly scimToken: string;
  /** How the key comes: as issued (what clients do, the default) or in base64 (what Zivver's page writes). */
  readonly tokenForm?: 'raw' | 'base64';
  /** Metadata of the IdP whose logins count. Without it nobody logs in. */
  readonly idpMetadata?: string;
  /** Default: Zivver's own, https://app.zivver.com/SAML/Zivver. */
  readonly entityId?: string;
  /** Default: where it listens. Without a trailing slash. */
  readonly publicUrl?: string;
  /** Creates the account at the first login with the right DomainKey. Default: true. */
  readonly justInTime?: boolean;
  /** How an AuthnRequest goes out. Default: Redirect, unsigned. */
  readonly request?: { readonly binding: 'redirect' | 'post'; readonly signed: boolean };
  /** Default: made on the spot, when requests are signed. */
  readonly keyPair?: SandboxKeyPair;
  /** Default: 50 per 10 000 ms. */
  readonly budget?: RequestBudget;
  /** Which headers tell of the budget. Default: none, since what Zivver sends is unknown. */
  readonly budgetHeaders?: 'none' | 'draft-polli' | 'retry-after';
  readonly accounts?: readonly SeedAccount[];
  /** Addresses of the domain that exist as free accounts, so that creating them fails as it does at Zivver. */
  readonly freeAccounts?: readonly string[];
  readonly faults?: MisbehaviourPlan;
  /** Opens the control endpoint on 127.0.0.1 at this port; 0 takes a free one. Default: closed. */
  readonly controlPort?: number;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
}

/** A login as the stand-in saw it. No key is in it. */
export interface LoginRecord {
  readonly at: number;
  readonly outcome: 'logged-in' | 'password-required' | 'refused';
  /** The text of a refusal. */
  readonly reason: string | null;
  readonly address: string | null;
  readonly accountCreated: boolean;
  /** Null where the response did not get so far. */
  readonly domainKey: 'right' | 'wrong' | 'absent' | null;
  readonly signed: { readonly response: boolean; readonly assertion: boolean } | null;
  readonly inResponseTo: string | null;
  readonly authnContextClassRef: string | null;
  readonly relayState: string | null;
}

/** What came in at the SCIM address. */
export interface RequestCounters {
  readonly total: number;
  readonly byOperation: Readonly<Record<Exclude<Operation, 'acs'>, number>>;
  readonly unauthorized: number;
  /** Refused because the window was full; never by a told fault. */
  readonly overBudget: number;
  readonly faulty: number;
}

export interface ZivverStandIn {
  readonly url: string;
  readonly entityId: string;
  readonly acsUrl: string;
  readonly metadataUrl: string;
  readonly metadataXml: string;
  /** With a trailing slash. */
  readonly scimUrl: string;
  /** Null where the control endpoint is closed. */
  readonly controlUrl: string | null;
  accounts(): readonly ZivverAccount[];
  logins(): readonly LoginRecord[];
  requests(): RequestCounters;
  /** Throws an Error for metadata that it cannot use. */
  setIdpMetadata(xml: string): void;
  misbehave(plan: MisbehaviourPlan): void;
  close(): Promise<void>;
}
