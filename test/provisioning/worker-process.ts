import { Secret } from '../../src/config/index.js';
import { startWorker } from '../../src/provisioning/index.js';
import { systemClock, systemRandom } from '../../src/shared/index.js';
import { openBackend } from './open-backend.js';
import { sealer, TOKEN } from './rig.js';
import type { WorkerTask } from './worker-child.js';

// A worker as a process of its own; worker-child.ts starts it.
const task = JSON.parse(process.argv[2] ?? '') as WorkerTask;
const { tenant, baseUrl, budget, timeout, leaseTime, concurrency } = task;
startWorker({
  backend: await openBackend(task.address, { leaseTime }),
  sealer,
  tenants: () => [
    {
      mode: 'scim',
      tenant,
      scim: { baseUrl, token: new Secret(TOKEN), tokenEncoding: 'raw', mediaType: 'application/json', timeout },
      budget,
      waitForAccount: 0,
      retryFor: 600_000,
      rememberFor: 600_000,
      active: true,
    },
  ],
  clock: systemClock,
  random: systemRandom,
  fetch: globalThis.fetch,
  version: '0.0.0-test',
  beatEvery: 200,
  probeEvery: 500,
  concurrency,
});
process.send?.('working');
