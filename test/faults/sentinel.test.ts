import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { createSpool } from '../../src/provisioning/index.js';
import { systemClock } from '../../src/shared/index.js';
import type { RemoteStoreAddress } from '../../src/state/index.js';
import { openBackend } from '../provisioning/open-backend.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins, untilIdle } from './accounting.js';

interface Group {
  readonly master: RunningRedis;
  readonly address: RemoteStoreAddress;
  /** Port of the server that the Sentinels now call the master. */
  readonly named: () => Promise<number>;
}

async function ask<T>({ port }: RunningRedis, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ port, host: '127.0.0.1' });
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

async function startGroup(t: Test): Promise<Group> {
  const master = await startRedis(t);
  const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)];
  const replicas = [await startRedis(t, { args: replicaOf }), await startRedis(t, { args: replicaOf })];
  const lines = [
    `sentinel monitor main 127.0.0.1 ${master.port} 2`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 4000',
  ];
  const sentinels: RunningRedis[] = [];
  for (let at = 0; at < 3; at++) sentinels.push(await startRedis(t, { sentinel: lines }));
  const [first] = sentinels;
  if (first === undefined) throw new Error('no Sentinel');
  const synced = async (): Promise<boolean> => {
    const states = await Promise.all(replicas.map((replica) => ask(replica, (client) => client.info('replication'))));
    const known = String(await ask(first, (client) => client.call('sentinel', 'master', 'main')));
    return (
      states.every((state) => state.includes('master_link_status:up')) &&
      known.includes('num-slaves,2') &&
      known.includes('num-other-sentinels,2')
    );
  };
  await eventually(synced, 'a group that knows itself', 30_000);
  return {
    master,
    address: {
      kind: 'redis-sentinel',
      sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      name: 'main',
      db: 0,
      tls: false,
    },
    named: async () => {
      const answer = await ask(first, (client) => client.call('sentinel', 'get-master-addr-by-name', 'main'));
      return Array.isArray(answer) ? Number(answer[1]) : 0;
    },
  };
}

async function failover(t: Test, strike: (master: RunningRedis) => unknown): Promise<void> {
  const group = await startGroup(t);
  const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
  t.teardown(() => spool.close());
  const backend = await openBackend(group.address, { leaseTime: 1_000 });
  t.teardown(() => backend.close());
  const rig = await makeRig(t, backend, { spool, settings: { budget: BUDGET }, zivver: STAND_IN });
  const worker = startWorkerChild(t, rig, group.address, { leaseTime: 1_000 });
  await worker.working;
  const names = namesFrom(0, 400);
  const load = steadyLogins(rig, names, 25);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await strike(group.master);
  await eventually(async () => (await group.named()) !== group.master.port, 'another master', 30_000);
  await load;
  await untilIdle(rig);
  // Replication is asynchronous: what the old master had acknowledged and not yet handed on is gone with it.
  t.comment(`${names.length - rig.zivver.accounts().length} of ${names.length} logins went with the old master`);
  await steadyLogins(rig, names, 0);
  await accountedFor(t, rig, names);
}

t.test('Sentinel failover under load', (t) => {
  t.jobs = 2;
  t.test('the master is killed', (t) => failover(t, (master) => master.kill()));
  t.test('the master hangs', (t) =>
    failover(t, (master) => {
      master.pause();
    }),
  );
  t.end();
});
