import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import { provisioningEvents } from '../../src/app/provisioning-events.js';
import { AuditLog, createEmbeddedTraceStore, Metrics } from '../../src/observe/index.js';
import { manualClock } from '../support/clock.js';
import { temporaryDirectory } from '../support/temporary.js';

t.test(
  'an attempt that will be repeated is traced with what went wrong, not with the remedy of the last one',
  async (t) => {
    const directory = await temporaryDirectory(t);
    const clock = manualClock();
    const bounds = { count: 10, age: 86_400_000 };
    const traces = createEmbeddedTraceStore({ path: join(directory, 'traces'), clock, bounds });
    const audit = await AuditLog.open({ file: join(directory, 'audit.jsonl'), instance: 'test', clock });
    t.teardown(async () => {
      await audit.close();
      await traces.close();
    });
    const events = provisioningEvents({
      metrics: new Metrics({ clock, version: 'test', processMetrics: false }),
      audit,
      traces,
      clock,
      log: pino({ level: 'silent' }),
    });
    const subject = { tenant: 'example', accountId: 'a', reference: '7Q3K-9M2X-TB4W', idp: 'okta' };
    const failure = {
      class: 'transient',
      status: 503,
      detail: 'HTTP 503',
      remedy: 'Away for as long as `provisioning.retryFor` allows.',
      at: clock.now(),
    } as const;
    events.onRetry?.(subject, failure, 1000);
    events.onDeadLetter?.(subject, failure);
    let found = await traces.find(subject.reference);
    while (found === null || found.entries.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      found = await traces.find(subject.reference);
    }
    t.match(found.entries, [
      { event: 'attempt', detail: /^HTTP 503$/ },
      { event: 'failed', detail: `HTTP 503 ${failure.remedy}` },
    ]);
  },
);
