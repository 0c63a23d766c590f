import type { Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { startRunning, type Running, type RunningOptions } from './running.js';

export interface Provisioned {
  readonly running: Running;
  readonly zivver: ZivverStandIn;
}

/** A gateway that creates accounts in a stand-in for Zivver, unless an IdP's file says otherwise. */
export async function startProvisioned(
  t: Test,
  options: Pick<RunningOptions, 'gateway' | 'idps' | 'withWorker'>,
): Promise<Provisioned> {
  const zivver = await startZivverStandIn({
    domain: 'example.org',
    domainKey: { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', value: 'the-domain-key-of-example-org' },
    scimToken: 'scim-token-of-example-org',
  });
  t.teardown(() => zivver.close());
  const scim = { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' } };
  const running = await startRunning(t, {
    ...options,
    gateway: { provisioning: { mode: 'scim', scim, waitForAccount: '0s' }, ...options.gateway },
    files: { 'certs/scim-token': 'scim-token-of-example-org' },
    services: { pace: { workerBeat: 200 } },
  });
  return { running, zivver };
}
