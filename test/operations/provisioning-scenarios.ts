import { createDeadLetters } from '../../src/provisioning/index.js';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startRedis } from '../support/redis.js';
import { startProvisioned, type Provisioned } from '../support/provisioned.js';
import { metricValue, until } from '../support/running.js';
import type { Scenario } from './fault.js';

const idps = { okta: idpContent({ unsolicited: 'allow' }) };

const over = (least: number) => (value: number | null) => value !== null && value > least;

/** A login whose job waits for its next attempt, since Zivver does not work. */
async function delayOneJob({ running, zivver }: Provisioned): Promise<void> {
  zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 503 } }] });
  await logIn({ publicUrl: running.publicUrl });
  await until(
    async () => metricValue(await running.metrics(), 'queue_jobs{state="delayed"}'),
    (jobs) => jobs === 1,
  );
}

export const provisioningScenarios: Readonly<Record<string, Scenario>> = {
  'SCIM key refused': {
    start: async (t) => {
      const { running, zivver } = await startProvisioned(t, { idps, withWorker: true });
      return {
        running,
        cause: async () => {
          zivver.misbehave({ rules: [{ fault: { kind: 'unauthorized' } }] });
          t.equal((await logIn({ publicUrl: running.publicUrl })).status, 200);
        },
        mend: () => {
          zivver.misbehave({ rules: [] });
          // Zivver is asked again once a minute.
          running.shift(61_000);
        },
        series: 'paused_tenants',
        shows: over(0),
      };
    },
  },
  'store down, jobs wait here': {
    start: async (t) => {
      const redis = await startRedis(t);
      const gateway = { store: redis.url, onStoreFailure: 'local', dataDirectory: './data' };
      const { running } = await startProvisioned(t, { gateway, idps, withWorker: true });
      return {
        running,
        cause: async () => {
          await redis.kill();
          t.equal((await logIn({ publicUrl: running.publicUrl })).status, 200);
          const { checks, queue } = await until(
            () => running.health(),
            (health) => health.checks['provisioning']?.state === 'fail',
          );
          t.match(checks['provisioning'], {
            detail: /Jobs wait on this machine for the store \(1\)/,
            data: { spooled: 1 },
          });
          t.match(queue, { unavailable: true, spooled: 1 });
        },
        mend: () => redis.restart(),
        series: 'spool_jobs',
        shows: over(0),
      };
    },
  },
  'queue backing up': {
    start: async (t) => {
      const { running, zivver } = await startProvisioned(t, { idps, withWorker: true });
      return {
        running,
        cause: async () => {
          await delayOneJob({ running, zivver });
          running.shift(960_000);
        },
        mend: () => {
          zivver.misbehave({ rules: [] });
          running.shift(600_000);
        },
        series: 'queue_oldest_job_age_seconds',
        shows: over(900),
      };
    },
  },
  'tenant switched off': {
    start: async (t) => {
      const { running, zivver } = await startProvisioned(t, { idps, withWorker: true });
      return {
        running,
        cause: async () => {
          await delayOneJob({ running, zivver });
          running.rewrite({ provisioning: { mode: 'off' } });
          t.ok(await running.gateway.reload());
        },
        mend: async () => {
          zivver.misbehave({ rules: [] });
          running.rewrite({});
          t.ok(await running.gateway.reload());
          running.shift(600_000);
        },
        series: 'queue_jobs{state="delayed"}',
        shows: over(0),
      };
    },
  },
  'no worker': {
    start: async (t) => {
      const { running } = await startProvisioned(t, { idps, withWorker: false });
      return {
        running,
        cause: () => logIn({ publicUrl: running.publicUrl }),
        mend: () => {
          running.application.startWorker();
        },
        series: 'queue_jobs{state="waiting"}',
        shows: over(0),
      };
    },
  },
  'dead letters': {
    start: async (t) => {
      const { running, zivver } = await startProvisioned(t, { idps, withWorker: true });
      return {
        running,
        cause: async () => {
          const body = JSON.stringify({ detail: 'Domain not owned' });
          zivver.misbehave({ rules: [{ operations: ['create'], fault: { kind: 'status', status: 400, body } }] });
          await logIn({ publicUrl: running.publicUrl });
        },
        mend: async () => {
          zivver.misbehave({ rules: [] });
          const { stores, services, generation } = running.application;
          const { backend } = stores;
          const { sealer, tenants } = generation;
          const letters = createDeadLetters({ backend, sealer, clock: services.clock, rememberFor: 60_000 });
          t.equal(await letters.retryAll(tenants[0]?.tenant ?? ''), 1);
        },
        series: 'dead_letters',
        shows: over(0),
      };
    },
  },
};
