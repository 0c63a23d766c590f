import { Secret } from '../../src/config/index.js';
import { createEmbeddedBackend, createRedisBackend, startWorker } from '../../src/provisioning/index.js';
import { systemClock, systemRandom } from '../../src/shared/index.js';
import { connectRedis } from '../../src/state/index.js';
import { sealer, TOKEN } from './rig.js';

// A worker as a process of its own, for processes.test.ts.
const [tenant = '', baseUrl = '', path = '', port = ''] = process.argv.slice(2);
const leaseTime = 600;
const address = { kind: 'redis', host: '127.0.0.1', port: Number(port), tls: false, db: 0 } as const;
const backend =
  port === ''
    ? createEmbeddedBackend({ path, leaseTime })
    : createRedisBackend({
        connection: connectRedis(address, 'commands'),
        openBlocking: () => connectRedis(address, 'blocking'),
        leaseTime,
      });
const scim = {
  baseUrl,
  token: new Secret(TOKEN),
  tokenEncoding: 'raw',
  mediaType: 'application/json',
  timeout: 5_000,
} as const;
startWorker({
  backend,
  sealer,
  tenants: () => [
    {
      mode: 'scim',
      tenant,
      scim,
      budget: { requests: 1_000, per: 1_000 },
      waitForAccount: 0,
      retryFor: 60_000,
      rememberFor: 60_000,
      active: true,
    },
  ],
  clock: systemClock,
  random: systemRandom,
  fetch: globalThis.fetch,
  version: '0.0.0-test',
  beatEvery: 200,
});
