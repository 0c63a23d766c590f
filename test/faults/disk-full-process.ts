import { once } from 'node:events';
import { Secret } from '../../src/config/index.js';
import {
  createEmbeddedBackend,
  createProvisioner,
  createSpool,
  startWorker,
  type Backend,
  type TenantSettings,
} from '../../src/provisioning/index.js';
import { GatewayError, systemClock, systemRandom } from '../../src/shared/index.js';
import { createEmbeddedStore } from '../../src/state/index.js';
import { sealer, TOKEN } from '../provisioning/rig.js';

// A gateway's stores in a process whose files may not grow beyond a limit; disk-full.test.ts starts it.
// Node ignores this signal, but what tap preloads into every child would end the process at it.
process.on('SIGXFSZ', () => undefined);
const [place = '', path = '', baseUrl = '', tenant = ''] = process.argv.slice(2);
const settings: TenantSettings = {
  mode: 'scim',
  tenant,
  scim: { baseUrl, token: new Secret(TOKEN), tokenEncoding: 'raw', mediaType: 'application/json', timeout: 5_000 },
  budget: { requests: 200, per: 500 },
  waitForAccount: 0,
  retryFor: 600_000,
  rememberFor: 600_000,
  active: true,
};

/** A queue that cannot be reached, so that every job goes to the spool. */
function away(backend: Backend): Backend {
  const refuse = () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away'));
  return { ...backend, queue: Object.assign(Object.create(backend.queue) as Backend['queue'], { add: refuse }) };
}

const embedded = createEmbeddedBackend({ path: `${path}/queue`, leaseTime: 600 });
const spool = place === 'spool' ? createSpool({ path: `${path}/spool`, clock: systemClock }) : null;
const state = createEmbeddedStore({ path: `${path}/state`, clock: systemClock });
const provisioner = createProvisioner({
  backend: spool === null ? embedded : away(embedded),
  spool,
  sealer,
  clock: systemClock,
  settingsOf: () => settings,
});

/** Logs in as the gateway does: the claim, then the job. Answers how the store failed, or null. */
async function logIn(at: number): Promise<string | null> {
  const name = `user${at}`;
  const login = { tenant, domain: 'example.org', idp: 'okta', address: `${name}@example.org`, accountKey: name };
  const displayName = `${name} ${'x'.repeat(1_500)}`;
  try {
    await state.claimOnce(`${name} ${Math.random()}`, Date.now() + 60_000);
    await provisioner.submit({ ...login, displayName, reference: 'ABCD-EFGH-JKMN', at: Date.now() });
    return null;
  } catch (error) {
    return error instanceof GatewayError ? `${error.code}: ${error.message}` : `unexpected: ${String(error)}`;
  }
}

const faults: string[] = [];
const refused: number[] = [];
for (let at = 0; refused.length < 20 && at < 2_000; at++) {
  const fault = await logIn(at);
  if (fault !== null) {
    refused.push(at);
    faults.push(fault);
  }
}
// The worker meets the full disk too, and must outlive it.
const work = {
  backend: embedded,
  sealer,
  tenants: () => [settings],
  clock: systemClock,
  random: systemRandom,
  fetch: globalThis.fetch,
  version: '0.0.0-test',
};
if (place === 'queue') startWorker(work);
await new Promise((resolve) => setTimeout(resolve, 2_000));
process.send?.({ refused, faults });

await once(process, 'message');
const again = await Promise.all(refused.map(logIn));
if (spool !== null) {
  await provisioner.close();
  const flushing = createProvisioner({
    backend: embedded,
    spool,
    sealer,
    clock: systemClock,
    settingsOf: () => settings,
  });
  await flushing.flush();
  startWorker(work);
}
process.send?.({ again });
