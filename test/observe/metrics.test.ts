import t from 'tap';
import {
  HealthRegistry,
  LOGIN_STAGES,
  METRIC_PREFIX,
  metricDefinitions,
  Metrics,
  type MetricsOptions,
  type QueueGauges,
} from '../../src/observe/index.js';

const clock = { now: () => 10_000_000 };

function setUp(options: Partial<MetricsOptions> = {}): Metrics {
  return new Metrics({ clock, version: '1.2.3', processMetrics: false, ...options });
}

const queue: QueueGauges = {
  waiting: 4,
  delayed: 3,
  active: 2,
  dead: 1,
  pausedTenants: 1,
  oldestAge: 1500,
  lastHeartbeat: 9_998_000,
};

function series(text: string, name: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${METRIC_PREFIX}${name}{`) || line.startsWith(`${METRIC_PREFIX}${name} `));
}

t.test('every defined metric is exposed, with its help, and nothing else but the process metrics', async (t) => {
  const text = await setUp().render();
  const exposed = [...text.matchAll(/^# HELP (\S+) /gm)].map((match) => match[1]);
  t.same(
    exposed.toSorted(),
    Object.keys(metricDefinitions)
      .map((name) => METRIC_PREFIX + name)
      .toSorted(),
  );
  t.match(await setUp({ processMetrics: true }).render(), /^process_cpu_seconds_total/m);
});

t.test('two instances do not share a registry', async (t) => {
  const [one, two] = [setUp(), setUp()];
  one.storeFallback();
  t.match(await two.render(), 'claims_gateway_store_fallbacks_total 0');
});

t.test('logins count by IdP and code, and a name that the configuration does not know is unknown', async (t) => {
  const metrics = setUp();
  metrics.setIdentityProviders(['okta']);
  metrics.login('okta', 'OK', 12);
  metrics.login('okta', 'SAML_AUDIENCE_MISMATCH', 3);
  metrics.login('../../etc/passwd', 'SAML_ENCODING', 1);
  metrics.login(null, 'STORE_UNAVAILABLE', 1);
  const text = await metrics.render();
  t.same(series(text, 'logins_total'), [
    'claims_gateway_logins_total{idp="okta",code="OK"} 1',
    'claims_gateway_logins_total{idp="okta",code="SAML_AUDIENCE_MISMATCH"} 1',
    'claims_gateway_logins_total{idp="unknown",code="SAML_ENCODING"} 1',
    'claims_gateway_logins_total{idp="unknown",code="STORE_UNAVAILABLE"} 1',
  ]);
  t.same(series(text, 'login_duration_seconds_count'), [
    'claims_gateway_login_duration_seconds_count{result="delivered"} 1',
    'claims_gateway_login_duration_seconds_count{result="refused"} 2',
    'claims_gateway_login_duration_seconds_count{result="failed"} 1',
  ]);
  t.same(
    series(text, 'login_duration_seconds_sum')[0],
    'claims_gateway_login_duration_seconds_sum{result="delivered"} 0.012',
  );
});

t.test('a code from outside the table and an odd status make no new label', async (t) => {
  const metrics = setUp();
  metrics.delivery('proxy', 'no such code' as 'OK');
  metrics.httpRequest('public', undefined, 99_999);
  metrics.httpRequest('public', '/saml/:idp/acs', 403);
  const text = await metrics.render();
  t.same(series(text, 'deliveries_total'), ['claims_gateway_deliveries_total{delivery="proxy",code="INTERNAL"} 1']);
  t.same(series(text, 'http_requests_total'), [
    'claims_gateway_http_requests_total{listener="public",route="unmatched",status="other"} 1',
    'claims_gateway_http_requests_total{listener="public",route="/saml/:idp/acs",status="403"} 1',
  ]);
});

t.test('each of the other events moves its metric', async (t) => {
  const metrics = setUp();
  metrics.setIdentityProviders(['okta']);
  for (const stage of LOGIN_STAGES) metrics.stage(stage, 2);
  metrics.authenticationRequest('okta', 'OK');
  metrics.storeError('claim_once');
  metrics.storeFallback();
  metrics.provisioningDecision('known');
  metrics.provisioningAttempt('throttled');
  metrics.provisioningOutcome('created');
  metrics.provisioningFollowUp('name');
  metrics.provisioningWait('exists', 250);
  metrics.clockDifference('okta', -1500);
  metrics.auditEvents('lost', 2);
  metrics.auditWaiting(7);
  metrics.traceError();
  metrics.spans('dropped', 3);
  const text = await metrics.render();
  for (const stage of LOGIN_STAGES) t.match(text, `login_stage_duration_seconds_count{stage="${stage}"} 1`);
  for (const line of [
    'authentication_requests_total{idp="okta",code="OK"} 1',
    'store_errors_total{operation="claim_once"} 1',
    'store_fallbacks_total 1',
    'provisioning_decisions_total{decision="known"} 1',
    'provisioning_attempts_total{class="throttled"} 1',
    'provisioning_outcomes_total{outcome="created"} 1',
    'provisioning_follow_ups_total{kind="name"} 1',
    'provisioning_wait_seconds_sum{result="exists"} 0.25',
    'idp_clock_difference_seconds{idp="okta"} -1.5',
    'audit_events_total{result="lost"} 2',
    'audit_waiting_lines 7',
    'trace_errors_total 1',
    'spans_total{result="dropped"} 3',
    `build_info{version="1.2.3",node="${process.version}"} 1`,
  ]) {
    t.match(text, `claims_gateway_${line}`);
  }
});

t.test('the queue, expiries and metadata are read at the scrape, in seconds', async (t) => {
  const metrics = setUp();
  metrics.setSources({
    queue: () => queue,
    spool: () => 5,
    expiries: () => [
      { kind: 'signing', owner: '2026', expiresAt: 10_060_000 },
      { kind: 'idp_certificate', owner: 'okta', expiresAt: 9_990_000 },
    ],
    metadata: () => [{ idp: 'okta', confirmedAt: 9_400_000 }],
  });
  const text = await metrics.render();
  for (const line of [
    'queue_jobs{state="waiting"} 4',
    'queue_jobs{state="delayed"} 3',
    'queue_jobs{state="active"} 2',
    'queue_oldest_job_age_seconds 1.5',
    'spool_jobs 5',
    'dead_letters 1',
    'paused_tenants 1',
    'worker_heartbeat_age_seconds 2',
    'expiry_seconds{kind="signing",owner="2026"} 60',
    'expiry_seconds{kind="idp_certificate",owner="okta"} -10',
    'idp_metadata_age_seconds{idp="okta"} 600',
  ]) {
    t.match(text, `claims_gateway_${line}`);
  }
});

t.test('a source that hangs or fails leaves its gauges out, says so, and comes back', async (t) => {
  const metrics = setUp({ timeLimit: 30 });
  let answer: () => QueueGauges | Promise<QueueGauges> = () => queue;
  metrics.setSources({
    queue: () => answer(),
    spool: () => 5,
    expiries: () => [{ kind: 'tls', owner: 'a', expiresAt: 10_001_000 }],
  });
  t.match(await metrics.render(), 'claims_gateway_dead_letters 1');
  answer = () => new Promise(() => undefined);
  const hanging = await metrics.render();
  t.same(series(hanging, 'dead_letters'), [], 'an old figure does not pass for a new one');
  t.same(series(hanging, 'queue_jobs'), []);
  t.match(hanging, 'claims_gateway_expiry_seconds{kind="tls",owner="a"} 1');
  t.match(hanging, 'claims_gateway_spool_jobs 5', 'what waits on this machine is told all the same');
  t.match(hanging, 'claims_gateway_scrape_failures_total{source="queue"} 1');
  answer = () => Promise.reject(new Error('store gone'));
  t.match(await metrics.render(), 'claims_gateway_scrape_failures_total{source="queue"} 2');
  answer = () => ({ ...queue, lastHeartbeat: null, oldestAge: null });
  const back = await metrics.render();
  t.match(back, 'claims_gateway_queue_oldest_job_age_seconds 0');
  t.same(series(back, 'worker_heartbeat_age_seconds'), [], 'no worker has ever reported');
});

t.test('what a reload takes away leaves no series behind', async (t) => {
  const metrics = setUp();
  metrics.setIdentityProviders(['okta', 'entra']);
  metrics.clockDifference('okta', 1000);
  metrics.clockDifference('entra', 1000);
  metrics.clockDifference('stranger', 1000);
  let owners = ['a', 'b'];
  metrics.setSources({ expiries: () => owners.map((owner) => ({ kind: 'signing', owner, expiresAt: 10_001_000 })) });
  await metrics.render();
  owners = ['b'];
  metrics.setIdentityProviders(['entra']);
  const text = await metrics.render();
  t.same(series(text, 'expiry_seconds'), ['claims_gateway_expiry_seconds{kind="signing",owner="b"} 1']);
  t.same(series(text, 'idp_clock_difference_seconds'), ['claims_gateway_idp_clock_difference_seconds{idp="entra"} 1']);
});

t.test('health is a metric too', async (t) => {
  const metrics = setUp();
  const health = new HealthRegistry({ clock });
  health.register({ name: 'store', readiness: true, run: () => ({ state: 'fail', detail: '' }) });
  const remove = health.register({ name: 'expiry', readiness: false, run: () => ({ state: 'warn', detail: '' }) });
  const text = await metrics.render(health);
  t.match(text, 'claims_gateway_ready 0');
  t.match(text, 'claims_gateway_health_check_state{check="store"} 2');
  t.match(text, 'claims_gateway_health_check_state{check="expiry"} 1');
  remove();
  t.same(series(await metrics.render(health), 'health_check_state'), [
    'claims_gateway_health_check_state{check="store"} 2',
  ]);
});
