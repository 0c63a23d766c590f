import { Redis } from 'ioredis';
import type { Test } from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startRedis } from '../support/redis.js';
import { startRunning } from '../support/running.js';
import type { Faulty, Scenario } from './fault.js';

const okta = idpContent({ unsolicited: 'allow' });

interface OnRedis {
  readonly cause: (admin: Redis, signIn: () => Promise<unknown>) => unknown;
  readonly mend: (admin: Redis) => unknown;
  readonly series: string;
}

/** A gateway on a Redis whose settings are changed while it runs. */
function settings({ cause, mend, series }: OnRedis): Scenario {
  return {
    start: async (t: Test): Promise<Faulty> => {
      const redis = await startRedis(t, { args: ['--appendonly', 'yes'] });
      const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
      t.teardown(() => {
        admin.disconnect();
      });
      const running = await startRunning(t, {
        gateway: { store: redis.url, dataDirectory: './data' },
        idps: { okta },
      });
      return {
        running,
        cause: () => cause(admin, () => logIn({ publicUrl: running.publicUrl })),
        mend: () => mend(admin),
        series,
        shows: (value) => value !== null && value > 0,
      };
    },
  };
}

/** A Redis whose clock goes another way than that of the gateway's machine. */
const clockOff: Scenario = {
  start: async (t: Test): Promise<Faulty> => {
    const redis = await startRedis(t, { args: ['--appendonly', 'yes'] });
    const running = await startRunning(t, {
      gateway: { store: redis.url, dataDirectory: './data' },
      idps: { okta },
    });
    return {
      running,
      cause: () => {
        running.shift(-120_000);
      },
      mend: () => {
        running.shift(120_000);
      },
      series: 'health_check_state{check="store-clock"}',
      shows: (value) => value !== null && value > 0,
    };
  },
};

const SETTINGS = 'health_check_state{check="store-settings"}';

export const storeScenarios: Readonly<Record<string, Scenario>> = {
  'store full': settings({
    cause: async (admin, signIn) => {
      await admin.config('SET', 'maxmemory', '1');
      await signIn();
    },
    mend: (admin) => admin.config('SET', 'maxmemory', '0'),
    series: 'store_errors_total{operation="claim_once"}',
  }),
  'Redis keeps nothing on disk': settings({
    cause: (admin) => admin.config('SET', 'appendonly', 'no'),
    mend: (admin) => admin.config('SET', 'appendonly', 'yes'),
    series: SETTINGS,
  }),
  'Redis may evict': settings({
    cause: (admin) => admin.config('SET', 'maxmemory-policy', 'volatile-lru'),
    mend: (admin) => admin.config('SET', 'maxmemory-policy', 'noeviction'),
    series: SETTINGS,
  }),
  'clock of Redis off': clockOff,
  'Redis nearly full': settings({
    cause: async (admin) => {
      // In small pieces: what a client sends counts as used for a while.
      for (let at = 0; at < 500; at++) await admin.set(`ballast ${at}`, 'x'.repeat(40_000));
      const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
      await admin.config('SET', 'maxmemory', String(Math.ceil(used * 1.08)));
    },
    mend: (admin) => admin.config('SET', 'maxmemory', '0'),
    series: SETTINGS,
  }),
};
