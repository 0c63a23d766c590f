import { connect, type PeerCertificate } from 'node:tls';
import t from 'tap';
import { createAuthority } from './metadata/support.js';
import { idpContent } from '../support/configuration.js';
import { rsaKeyPair } from '../support/pki.js';
import { startRunning, until, type Running } from '../support/running.js';

const tls = { cert: 'certs/tls.crt', key: 'certs/tls.key' };

function filesOf(authority: ReturnType<typeof createAuthority>): Record<string, string> {
  return { [tls.cert]: authority.tls.cert, [tls.key]: authority.tls.key };
}

async function startWithTls(t: Parameters<typeof startRunning>[0], files: Record<string, string>): Promise<Running> {
  return startRunning(t, { gateway: { publicUrl: 'https://localhost' }, idps: { okta: idpContent() }, files, tls });
}

/** What the public listener shows of itself to a client that trusts this authority. */
function certificateOf({ publicUrl }: Running, ca: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(publicUrl).port), servername: 'localhost', ca });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
  });
}

t.test('a TLS certificate that is renewed in its place is shown without a restart', async (t) => {
  const [first, second] = [createAuthority(), createAuthority()];
  const running = await startWithTls(t, filesOf(first));
  const before = await certificateOf(running, first.ca);
  for (const [path, text] of Object.entries(filesOf(second))) running.configuration.write(path, text);
  await until(
    () => certificateOf(running, second.ca).catch(() => null),
    (certificate) => certificate !== null && certificate.fingerprint256 !== before.fingerprint256,
  );
  await t.rejects(certificateOf(running, first.ca), 'the earlier one is gone');
});

t.test('the end of the TLS certificate is told, since it ends tomorrow', async (t) => {
  const running = await startWithTls(t, filesOf(createAuthority()));
  const check = (await running.health()).checks['certificates'];
  t.match(check, { state: 'warn', detail: /TLS certificate of the public listener ends in 0 days/, remedy: /Renew/ });
  t.match(await running.metrics(), /expiry_seconds\{kind="tls",owner="listen"\} \d+/);
});

t.test('a TLS key and certificate that do not belong together are rejected at the reload', async (t) => {
  const authority = createAuthority();
  const running = await startWithTls(t, filesOf(authority));
  running.configuration.write(tls.key, rsaKeyPair(2048, 'another').privateKeyPem);
  t.notOk(await running.gateway.reload());
  t.equal((await running.health()).checks['configuration']?.state, 'fail');
  t.ok(await certificateOf(running, authority.ca), 'connections go on with the pair in force');
});
