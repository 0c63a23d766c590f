import { createHash, timingSafeEqual } from 'node:crypto';
import type { BudgetCounter } from './budget.js';
import type { Fault, Misbehaviour } from './faults.js';
import type { RequestCounters, ZivverStandInOptions } from './options.js';
import { codeAndMessage, json, operationOf, type Answer, type ScimRequest } from './scim.js';

/** What stands before SCIM: either an answer at once, or a fault to go through with. */
export type Admission = { readonly answer: Answer } | { readonly fault: Fault | null };

/** The draft that Zivver's own 429 names. */
const REFERENCE = 'https://tools.ietf.org/html/draft-polli-ratelimit-headers-02';

/** Counts, authenticates and keeps the budget, in this order: only what uses the key costs budget. */
export class ScimGate {
  readonly #key: string;
  readonly #budget: BudgetCounter;
  readonly #headers: 'none' | 'draft-polli' | 'retry-after';
  readonly #misbehaviour: Misbehaviour;
  readonly #counters = {
    total: 0,
    byOperation: { list: 0, find: 0, read: 0, create: 0, replace: 0, modify: 0, remove: 0, other: 0 },
    unauthorized: 0,
    overBudget: 0,
    faulty: 0,
  };

  constructor(options: ZivverStandInOptions, budget: BudgetCounter, misbehaviour: Misbehaviour) {
    this.#key = options.tokenForm === 'base64' ? Buffer.from(options.scimToken).toString('base64') : options.scimToken;
    this.#budget = budget;
    this.#headers = options.budgetHeaders ?? 'none';
    this.#misbehaviour = misbehaviour;
  }

  counters(): RequestCounters {
    return { ...this.#counters, byOperation: { ...this.#counters.byOperation } };
  }

  admit(request: ScimRequest, authorization: string): Admission {
    const operation = operationOf(request);
    this.#counters.total += 1;
    if (operation !== 'acs') this.#counters.byOperation[operation] += 1;
    if (!equal(authorization, `Bearer ${this.#key}`)) {
      this.#counters.unauthorized += 1;
      return { answer: codeAndMessage(401, 'HTTP 401 Unauthorized') };
    }
    if (!this.#budget.admit()) {
      this.#counters.overBudget += 1;
      return { answer: this.#tooMany() };
    }
    const fault = this.#misbehaviour.faultFor({ ...request, operation });
    if (fault !== null) this.#counters.faulty += 1;
    return { fault };
  }

  /** What tells of the budget on every answer. */
  budgetHeaders(): Readonly<Record<string, string>> {
    if (this.#headers !== 'draft-polli') return {};
    const { requests, windowMs } = this.#budget.budget;
    return {
      'ratelimit-limit': `${requests}, ${requests};w=${windowMs / 1000}`,
      'ratelimit-remaining': String(this.#budget.remaining()),
      'ratelimit-reset': String(Math.ceil(this.#budget.waitMs() / 1000)),
    };
  }

  #tooMany(): Answer {
    const answer = tooManyRequests(this.#budget.budget.requests, this.#budget.budget.windowMs);
    if (this.#headers !== 'retry-after') return answer;
    const seconds = String(Math.ceil(this.#budget.waitMs() / 1000));
    return { ...answer, headers: { ...answer.headers, 'retry-after': seconds } };
  }
}

/** Zivver's 429, as observed. */
export function tooManyRequests(budget: number, windowMs: number): Answer {
  return json(429, {
    code: 429,
    message: 'Too Many Requests',
    emptiedBucketDetails: { limiterId: 'cab', budget, windowSeconds: windowMs / 1000 },
    reference: REFERENCE,
  });
}

function equal(left: string, right: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(left), digest(right));
}
