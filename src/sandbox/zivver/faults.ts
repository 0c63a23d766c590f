import { z } from 'zod';
import type { Clock } from '../../shared/index.js';

/** What a request to the stand-in asks for. `acs` is the assertion consumer service; the others are SCIM. */
export const operations = ['list', 'find', 'read', 'create', 'replace', 'modify', 'remove', 'other', 'acs'] as const;
export type Operation = (typeof operations)[number];

// `applied`: the request takes effect although its answer is spoilt, as when a connection breaks too late.
const applied = z.boolean().optional();
const status = z.int().min(200).max(599);

/** One way to misbehave. Times are in milliseconds. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latency'), ms: z.int().min(0).max(3_600_000), applied }),
  z.strictObject({ kind: z.literal('too-many-requests'), headers: z.record(z.string(), z.string()).optional() }),
  z.strictObject({ kind: z.literal('unauthorized') }),
  z.strictObject({
    kind: z.literal('status'),
    status,
    body: z.string().optional(),
    contentType: z.string().optional(),
    applied,
  }),
  z.strictObject({ kind: z.literal('html'), status: status.optional(), applied }),
  z.strictObject({ kind: z.literal('reset'), applied }),
  z.strictObject({ kind: z.literal('hang'), applied }),
  // These two spoil an answer, so there has to be one: the request always takes effect.
  z.strictObject({ kind: z.literal('half-answer') }),
  z.strictObject({ kind: z.literal('without-id') }),
]);
export type Fault = z.infer<typeof faultSchema>;

const ruleSchema = z.strictObject({
  fault: faultSchema,
  /** Default: every SCIM operation. */
  operations: z.array(z.enum(operations)).optional(),
  /** So many times; default: without end. */
  times: z.int().min(1).optional(),
  /** So long from now, in milliseconds; default: without end. */
  forMs: z.int().min(1).optional(),
});
export type FaultRule = z.infer<typeof ruleSchema>;

/** What can be told over the control endpoint. A queue is used up by SCIM requests in order; null behaves well. */
export const planSchema = z.union([
  z.strictObject({ queue: z.array(faultSchema.nullable()) }),
  z.strictObject({ rules: z.array(ruleSchema) }),
]);

/** What a predicate sees of a request. */
export interface ObservedRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export type RemotePlan = z.infer<typeof planSchema>;
export type MisbehaviourPlan = RemotePlan | { readonly when: (request: ObservedRequest) => Fault | null };

type Chooser = (request: ObservedRequest) => Fault | null;

/** Chooses the fault of each request by the plan that was told last. */
export class Misbehaviour {
  readonly #clock: Clock;
  #choose: Chooser = () => null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  plan(plan: MisbehaviourPlan): void {
    if ('when' in plan) this.#choose = plan.when;
    else if ('queue' in plan) this.#choose = fromQueue(plan.queue);
    else this.#choose = fromRules(plan.rules, this.#clock);
  }

  faultFor(request: ObservedRequest): Fault | null {
    return this.#choose(request);
  }
}

function fromQueue(queue: readonly (Fault | null)[]): Chooser {
  const waiting = queue.values();
  return (request) => (request.operation === 'acs' ? null : (waiting.next().value ?? null));
}

function fromRules(rules: readonly FaultRule[], clock: Clock): Chooser {
  const active = rules.map((rule) => ({
    rule,
    left: rule.times ?? Number.POSITIVE_INFINITY,
    until: clock.now() + (rule.forMs ?? Number.POSITIVE_INFINITY),
  }));
  return ({ operation }) => {
    const hit = active.find(
      ({ rule, left, until }) =>
        left > 0 && clock.now() < until && (rule.operations?.includes(operation) ?? operation !== 'acs'),
    );
    if (hit === undefined) return null;
    hit.left -= 1;
    return hit.rule.fault;
  };
}
