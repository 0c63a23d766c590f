import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { RemoteStoreAddress } from '../../src/state/index.js';
import { LEASE_TIME, PATIENCE, sourceAt } from '../provisioning/backends.js';
import { openBackend } from '../provisioning/open-backend.js';
import { leaseContract, queueContract } from '../provisioning/queue-contract.js';
import { makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { startRedis } from '../support/redis.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins } from './accounting.js';

async function startCluster(t: Test): Promise<RemoteStoreAddress> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const ports: number[] = [];
  while (ports.length < 3) ports.push((await startRedis(t, { args })).port);
  const nodes = ports.map((port) => `127.0.0.1:${port}`);
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes']);
  return { kind: 'redis-cluster', nodes: ports.map((port) => ({ host: '127.0.0.1', port })), tls: false };
}

t.test('Redis Cluster of three masters', async (t) => {
  const address = await startCluster(t);
  await t.test('keeps the contract of the queue', (t) => {
    t.jobs = 6;
    queueContract(t, () => sourceAt(address, { leaseTime: 30_000, commandTimeout: PATIENCE }));
    leaseContract(t, () => sourceAt(address, { leaseTime: LEASE_TIME, commandTimeout: PATIENCE }));
    t.end();
  });
  await t.test('three tenants, two workers each: every login has its account', async (t) => {
    for (let tenant = 0; tenant < 3; tenant++) {
      const backend = await openBackend(address, { leaseTime: 10_000, commandTimeout: PATIENCE });
      t.teardown(() => backend.close());
      const rig = await makeRig(t, backend, { settings: { budget: BUDGET }, zivver: STAND_IN });
      startWorkerChild(t, rig, address);
      rig.work();
      const names = namesFrom(0, 60);
      await steadyLogins(rig, names, 2);
      await accountedFor(t, rig, names);
    }
  });
});
