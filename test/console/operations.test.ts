import fastify from 'fastify';
import t, { type Test } from 'tap';
import { registerOperations, type OperationsDeps } from '../../src/console/index.js';
import { HealthRegistry, Metrics, type CheckResult } from '../../src/observe/index.js';

const clock = { now: () => Date.UTC(2026, 0, 2, 0, 0, 0) };

function setUp(t: Test, more: Partial<OperationsDeps> = {}) {
  const health = new HealthRegistry({ clock, timeLimit: 100, freshFor: 0 });
  const metrics = new Metrics({ clock, version: '1.2.3', processMetrics: false, timeLimit: 100 });
  const app = fastify();
  t.teardown(() => app.close());
  registerOperations(app, {
    health,
    metrics,
    clock,
    version: '1.2.3',
    startedAt: clock.now() - 90_000,
    configurationFingerprint: () => 'abc123',
    identityProviders: () => [],
    timeLimit: 100,
    ...more,
  });
  return { app, health, metrics };
}

t.test('/livez says 200 while the process serves, whatever is wrong', async (t) => {
  const { app, health } = setUp(t);
  health.register({ name: 'store', readiness: true, run: () => ({ state: 'fail', detail: 'gone' }) });
  health.startDraining();
  t.equal((await app.inject('/livez')).statusCode, 200);
});

t.test('/readyz says 200, 503 with the failing check, and 503 while draining', async (t) => {
  const { app, health } = setUp(t);
  let state: CheckResult['state'] = 'pass';
  health.register({ name: 'store', readiness: true, run: () => ({ state, detail: '' }) });
  health.register({ name: 'audit-log', readiness: false, run: () => ({ state: 'fail', detail: 'full' }) });
  const ask = async () => {
    const answer = await app.inject('/readyz');
    return [answer.statusCode, answer.json<unknown>()];
  };
  t.same(await ask(), [200, { status: 'ready', draining: false, failing: [] }]);
  state = 'warn';
  t.match(await ask(), [200, {}]);
  state = 'fail';
  t.same(await ask(), [503, { status: 'not ready', draining: false, failing: ['store'] }]);
  state = 'pass';
  t.match(await ask(), [200, {}], 'it clears by itself');
  health.startDraining();
  t.same(await ask(), [503, { status: 'not ready', draining: true, failing: [] }]);
});

t.test('/healthz tells everything that the page on operations promises', async (t) => {
  const now = clock.now();
  const { app, health } = setUp(t, {
    identityProviders: () => [
      {
        name: 'okta',
        enabled: true,
        entityId: 'http://www.okta.com/exk1',
        certificates: [{ fingerprint: 'f1', subject: 'CN=okta', notBefore: now - 1000, notAfter: now + 86_400_000 }],
        metadata: { source: 'url', confirmedAt: now - 60_000, validUntil: null },
        clockDifference: -250,
      },
    ],
    queue: () => ({
      waiting: 1,
      delayed: 2,
      active: 3,
      dead: 5,
      pausedTenants: ['example'],
      oldestAge: 1500,
      lastHeartbeat: now - 2000,
    }),
    spooled: () => 4,
  });
  health.register({
    name: 'store',
    readiness: true,
    run: () => ({ state: 'warn', detail: 'slow', remedy: 'look', data: { milliseconds: 80 } }),
  });
  const answer = await app.inject('/healthz');
  t.equal(answer.statusCode, 200);
  const at = '2026-01-02T00:00:00.000Z';
  t.same(answer.json(), {
    state: 'warn',
    ready: true,
    draining: false,
    version: '1.2.3',
    node: process.version,
    startedAt: '2026-01-01T23:58:30.000Z',
    uptimeSeconds: 90,
    configuration: 'abc123',
    checks: {
      store: {
        state: 'warn',
        readiness: true,
        since: at,
        checkedAt: at,
        detail: 'slow',
        remedy: 'look',
        data: { milliseconds: 80 },
      },
    },
    identityProviders: {
      okta: {
        enabled: true,
        entityId: 'http://www.okta.com/exk1',
        certificates: [
          {
            fingerprint: 'f1',
            subject: 'CN=okta',
            notBefore: '2026-01-01T23:59:59.000Z',
            notAfter: '2026-01-03T00:00:00.000Z',
            expiresInSeconds: 86_400,
          },
        ],
        metadata: { source: 'url', confirmedAt: '2026-01-01T23:59:00.000Z', ageSeconds: 60, validUntil: null },
        clockDifferenceSeconds: -0.25,
      },
    },
    queue: {
      waiting: 1,
      delayed: 2,
      active: 3,
      spooled: 4,
      dead: 5,
      pausedTenants: ['example'],
      oldestAgeSeconds: 1.5,
      lastHeartbeat: '2026-01-01T23:59:58.000Z',
      heartbeatAgeSeconds: 2,
    },
  });
});

t.test('/healthz reports a failure with status 200: the state is inside', async (t) => {
  const { app, health } = setUp(t);
  health.register({ name: 'store', readiness: true, run: () => ({ state: 'fail', detail: 'gone' }) });
  const answer = await app.inject('/healthz');
  t.equal(answer.statusCode, 200);
  t.match(answer.json(), { state: 'fail', ready: false, queue: null });
});

t.test('/metrics is in the format of Prometheus, health included, and counts its own requests', async (t) => {
  const { app, health } = setUp(t);
  health.register({ name: 'store', readiness: true, run: () => ({ state: 'fail', detail: 'gone' }) });
  await app.inject('/no/such/path/42');
  const answer = await app.inject('/metrics');
  t.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  t.match(answer.body, 'claims_gateway_ready 0');
  t.match(answer.body, 'claims_gateway_health_check_state{check="store"} 2');
  t.match(answer.body, 'claims_gateway_http_requests_total{listener="operations",route="unmatched",status="404"} 1');
  t.notMatch(answer.body, '/no/such/path');
});

t.test('every answer comes within a second although the store hangs', async (t) => {
  const never = () => new Promise<never>(() => undefined);
  const { app, health, metrics } = setUp(t, { queue: never });
  metrics.setSources({ queue: never });
  health.register({ name: 'store', readiness: true, run: never });
  for (const [path, status] of [
    ['/livez', 200],
    ['/readyz', 503],
    ['/healthz', 200],
    ['/metrics', 200],
  ] as const) {
    const started = Date.now();
    const answer = await app.inject(path);
    t.equal(answer.statusCode, status, path);
    t.ok(Date.now() - started < 1000, path);
    if (path === '/healthz') t.match(answer.json(), { state: 'fail', queue: { unavailable: true } });
  }
});

t.test('a queue that throws does not take /healthz with it', async (t) => {
  const { app } = setUp(t, {
    queue: () => {
      throw new Error('gone');
    },
    spooled: () => 4,
  });
  t.match((await app.inject('/healthz')).json(), { queue: { unavailable: true, spooled: 4 } });
});

t.test('nor does a spool that throws', async (t) => {
  const { app } = setUp(t, {
    queue: () => {
      throw new Error('gone');
    },
    spooled: () => {
      throw new Error('gone too');
    },
  });
  t.match((await app.inject('/healthz')).json(), { queue: { unavailable: true, spooled: null } });
});

t.test('with a token every path asks for it, unknown ones too; without one none does', async (t) => {
  const { app } = setUp(t, { token: 'correct-horse' });
  for (const path of ['/livez', '/readyz', '/healthz', '/metrics', '/', '/unknown']) {
    for (const authorization of [
      undefined,
      'Bearer wrong',
      'Bearer ',
      'Basic correct-horse',
      'correct-horse',
      'Bearer correct-horse x',
    ]) {
      const answer = await app.inject({ url: path, headers: authorization === undefined ? {} : { authorization } });
      t.equal(answer.statusCode, 401, `${path} with ${authorization ?? 'nothing'}`);
      t.match(answer.headers['www-authenticate'], /^Bearer/);
      t.same(answer.json(), { error: 'unauthorized' });
    }
    const status = path === '/' || path === '/unknown' ? 404 : 200;
    const headers = { authorization: 'Bearer correct-horse' };
    t.equal((await app.inject({ url: path, headers })).statusCode, status, path);
  }
  t.equal((await setUp(t).app.inject('/healthz')).statusCode, 200);
});

t.test('every answer, errors included, is not to be stored, sniffed or framed', async (t) => {
  const { app } = setUp(t, { token: 'x' });
  const headers = { authorization: 'Bearer x' };
  for (const answer of [
    await app.inject({ url: '/healthz', headers }),
    await app.inject({ url: '/metrics', headers }),
    await app.inject({ url: '/none', headers }),
    await app.inject('/healthz'),
  ]) {
    t.match(answer.headers, {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': /default-src 'none'/,
    });
  }
});

t.test('only GET and HEAD are answered', async (t) => {
  const { app } = setUp(t);
  t.equal((await app.inject({ method: 'POST', url: '/readyz' })).statusCode, 404);
  t.equal((await app.inject({ method: 'HEAD', url: '/readyz' })).statusCode, 200);
});
