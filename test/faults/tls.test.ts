import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { RemoteStoreAddress } from '../../src/state/index.js';
import { addressOf, PATIENCE } from '../provisioning/backends.js';
import { openBackend } from '../provisioning/open-backend.js';
import { makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { freePorts } from '../support/ports.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins } from './accounting.js';

t.test('rediss: a worker that trusts the certificate works, one that does not sees nothing', async (t) => {
  const dir = await temporaryDirectory(t);
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const subject = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
  await promisify(execFile)('openssl', made);
  const [tlsPort = 0] = await freePorts(1);
  const tls = [
    '--tls-port',
    String(tlsPort),
    '--tls-cert-file',
    cert,
    '--tls-key-file',
    key,
    '--tls-ca-cert-file',
    cert,
  ];
  const redis = await startRedis(t, { args: [...tls, '--tls-auth-clients', 'no'] });
  const backend = await openBackend(addressOf(redis), { leaseTime: 600, commandTimeout: PATIENCE });
  t.teardown(() => backend.close());
  const rig = await makeRig(t, backend, { settings: { budget: BUDGET }, zivver: STAND_IN });
  const names = namesFrom(0, 50);
  await steadyLogins(rig, names, 0);
  const address: RemoteStoreAddress = { kind: 'redis', host: '127.0.0.1', port: tlsPort, tls: true, db: 0 };
  const distrustful = startWorkerChild(t, rig, address, { env: { NODE_EXTRA_CA_CERTS: '' } });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  t.equal(rig.zivver.requests().total, 0, 'the certificate is checked');
  await distrustful.kill();
  startWorkerChild(t, rig, address, { env: { NODE_EXTRA_CA_CERTS: cert } });
  await accountedFor(t, rig, names);
});
