import type { Logger } from 'pino';
import type { AuditLog, Metrics, ProvisioningEntry, TraceStore } from '../observe/index.js';
import type { EventSubject, Failure, ProvisioningEvents } from '../provisioning/index.js';
import type { Clock } from '../shared/index.js';

export interface EventSinks {
  readonly metrics: Metrics;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly traces: Pick<TraceStore, 'add'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Turns what happens in provisioning into metrics, audit lines, entries of the login's trace and log lines. */
export function provisioningEvents(sinks: EventSinks): ProvisioningEvents {
  const { metrics, log } = sinks;
  return {
    onQueued: (subject, spooled) => {
      trace(sinks, subject, { event: spooled ? 'spooled' : 'queued' });
    },
    onRequest: (_subject, call) => {
      metrics.provisioningAttempt(call.class);
    },
    onRetry: (subject, failure, delay) => {
      // Without the remedy: it is for when the last attempt has failed.
      trace(sinks, subject, { event: 'attempt', detail: failure.detail });
      log.warn({ reference: subject.reference, class: failure.class, status: failure.status, delay }, failure.detail);
    },
    onOutcome: (subject, outcome, followUps) => {
      metrics.provisioningOutcome(outcome);
      if (outcome !== 'dismissed') trace(sinks, subject, { event: outcome });
      audit(sinks, subject, 'provisioning', outcome);
      for (const kind of followUps) {
        metrics.provisioningFollowUp(kind);
        trace(sinks, subject, { event: 'follow-up', detail: kind });
        audit(sinks, subject, 'provisioning', 'follow-up', kind);
      }
    },
    onDeadLetter: (subject, failure) => {
      trace(sinks, subject, { event: 'failed', detail: sentence(failure) });
      audit(sinks, subject, 'dead-letter', 'needs-a-person', sentence(failure));
      log.error({ reference: subject.reference, class: failure.class, status: failure.status }, sentence(failure));
    },
    onSettled: (tenant, accountId, how, note) => {
      void sinks.audit.append({
        event: 'dead-letter',
        decision: how,
        detail: `tenant ${tenant}, account ${accountId}${note === null ? '' : `: ${note}`}`,
      });
    },
    onThrottled: (tenant, wait) => {
      log.warn({ tenant, wait }, 'Zivver answered 429; the tenant waits');
    },
    onPaused: (tenant, pause) => {
      void sinks.audit.append({
        event: 'provisioning',
        decision: 'pause',
        detail: `tenant ${tenant}: ${pause.detail}`,
      });
      log.error({ tenant, status: pause.status }, 'Zivver refuses the API key; the queue of the tenant pauses');
    },
    onResumed: (tenant) => {
      void sinks.audit.append({ event: 'provisioning', decision: 'resume', detail: `tenant ${tenant}` });
      log.info({ tenant }, 'Zivver takes the API key again; the queue of the tenant goes on');
    },
    onFault: (tenant, error) => {
      log.warn({ tenant, err: error }, 'provisioning met a fault and goes on');
    },
  };
}

function sentence({ detail, remedy }: Failure): string {
  return `${detail} ${remedy}`;
}

/** Not waited for: nothing of provisioning may hang on a trace. */
function trace(sinks: EventSinks, subject: EventSubject, entry: Omit<ProvisioningEntry, 'kind' | 'at'>): void {
  // A job that cannot be decrypted does not tell which login it is of.
  if (subject.reference === '') return;
  sinks.traces.add(subject.reference, { kind: 'provisioning', at: sinks.clock.now(), ...entry }).catch(() => {
    sinks.metrics.traceError();
  });
}

function audit(
  sinks: EventSinks,
  { reference, idp }: EventSubject,
  event: 'provisioning' | 'dead-letter',
  decision: string,
  detail?: string,
): void {
  void sinks.audit.append({ event, reference, idp, decision, ...(detail === undefined ? {} : { detail }) });
}
