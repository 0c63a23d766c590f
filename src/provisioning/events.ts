import type { Failure, FailureClass, Pause } from './queue.js';

export type FollowUpKind = 'name' | 'address-case' | 'inactive' | 'several-matches' | 'functional-account';

export type OutcomeKind = 'created' | 'existed' | 'failed' | 'dismissed';

/** Which account an event is about, without a name, address or key. */
export interface EventSubject {
  readonly tenant: string;
  readonly accountId: string;
  readonly reference: string;
  readonly idp: string;
}

/**
 * Where provisioning tells what happens; the wiring turns it into metrics, traces and audit lines. The methods are
 * called in passing and must not throw.
 */
export interface ProvisioningEvents {
  onQueued?(subject: EventSubject, spooled: boolean): void;
  /** One call to Zivver: its method, status (null: no answer), class of the answer and milliseconds. */
  onRequest?(
    subject: EventSubject | { readonly tenant: string },
    call: {
      readonly method: 'GET' | 'POST';
      readonly status: number | null;
      readonly class: FailureClass | 'ok';
      readonly duration: number;
    },
  ): void;
  /** An attempt that counted failed, and another follows in `delay` milliseconds. */
  onRetry?(subject: EventSubject, failure: Failure, delay: number): void;
  onOutcome?(subject: EventSubject, outcome: OutcomeKind, followUps: readonly FollowUpKind[]): void;
  onDeadLetter?(subject: EventSubject, failure: Failure): void;
  /** A person put a dead letter back or dismissed it. */
  onSettled?(tenant: string, accountId: string, how: 'retried' | 'dismissed', note: string | null): void;
  onThrottled?(tenant: string, wait: number): void;
  onPaused?(tenant: string, pause: Pause): void;
  onResumed?(tenant: string): void;
  /** Something that is retried by itself: the store away, a lease lost. */
  onFault?(tenant: string | null, error: unknown): void;
}
