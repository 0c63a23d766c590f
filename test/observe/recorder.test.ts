import t from 'tap';
import {
  attributeDifference,
  LoginRecorder,
  Metrics,
  readReference,
  type Trace,
  type TraceEntry,
  type TraceStore,
} from '../../src/observe/index.js';
import { createIdSource, GatewayError } from '../../src/shared/index.js';

const clock = { now: () => 5000 };

function setUp(add: (reference: string, entry: TraceEntry) => Promise<void>) {
  const metrics = new Metrics({ clock, version: '1', processMetrics: false });
  metrics.setIdentityProviders(['okta']);
  let elapsed = 0;
  const none = (): Promise<Trace | null> => Promise.resolve(null);
  const traces: TraceStore = { add, find: none, recent: () => Promise.resolve([]), close: () => Promise.resolve() };
  const stopwatch = () => (elapsed += 2);
  const recorder = new LoginRecorder({ reference: 'R', clock, metrics, traces, idp: 'okta', stopwatch });
  return { metrics, recorder };
}

t.test('a verified login is traced with its steps, their durations and the attribute difference', async (t) => {
  const added: [string, TraceEntry][] = [];
  const { metrics, recorder } = setUp((...entry) => {
    added.push(entry);
    return Promise.resolve();
  });
  t.equal(await recorder.step('parse', () => 42), 42);
  recorder.verified({ idp: 'okta', account: 'acct-1' });
  recorder.attributes(attributeDifference([], [{ name: 'DomainKey', values: ['very-secret'] }], new Uint8Array(32)));
  await recorder.finish('OK');
  t.match(added, [
    [
      'R',
      {
        kind: 'login',
        at: 5000,
        idp: 'okta',
        account: 'acct-1',
        code: 'OK',
        duration: 6,
        steps: [{ name: 'parse', result: 'pass', duration: 2 }],
        attributes: [{ name: 'DomainKey', change: 'added', before: [], after: [{ length: 11 }] }],
      },
    ],
  ]);
  t.notMatch(JSON.stringify(added), 'very-secret');
  const text = await metrics.render();
  t.match(text, 'claims_gateway_logins_total{idp="okta",code="OK"} 1');
  t.match(text, 'claims_gateway_login_stage_duration_seconds_sum{stage="parse"} 0.002');
});

t.test('a login that was refused before it was verified is counted, but writes nothing', async (t) => {
  let writes = 0;
  const { metrics, recorder } = setUp(() => {
    writes += 1;
    return Promise.resolve();
  });
  const refuse = () => {
    throw new GatewayError('SIGNATURE_INVALID');
  };
  await t.rejects(recorder.step('verify', refuse), { code: 'SIGNATURE_INVALID' });
  await recorder.finish('SIGNATURE_INVALID');
  t.equal(writes, 0);
  t.match(await metrics.render(), 'claims_gateway_logins_total{idp="okta",code="SIGNATURE_INVALID"} 1');
});

t.test(
  'a step that fails after verification is traced with code and evidence; an unforeseen error without its text',
  async (t) => {
    const added: TraceEntry[] = [];
    const { recorder } = setUp((_reference, entry) => {
      added.push(entry);
      return Promise.resolve();
    });
    recorder.verified({ idp: 'okta', account: null });
    const mismatch = new GatewayError('SAML_AUDIENCE_MISMATCH', 'not for us', {
      evidence: { expected: 'a', seen: 'b' },
    });
    await t.rejects(recorder.step('validate', () => Promise.reject(mismatch)));
    await t.rejects(recorder.step('enqueue', () => Promise.reject(new Error('holds hunter2'))));
    await recorder.finish('SAML_AUDIENCE_MISMATCH');
    t.match(added, [
      {
        steps: [
          {
            name: 'validate',
            result: 'fail',
            code: 'SAML_AUDIENCE_MISMATCH',
            detail: 'not for us',
            expected: 'a',
            seen: 'b',
          },
          { name: 'enqueue', result: 'fail', code: 'INTERNAL' },
        ],
      },
    ]);
    t.notMatch(JSON.stringify(added), 'hunter2');
  },
);

t.test('a trace that cannot be written is counted and fails no login', async (t) => {
  const { metrics, recorder } = setUp(() => Promise.reject(new Error('disk full')));
  recorder.verified({ idp: 'okta', account: null });
  await recorder.finish('OK');
  t.match(await metrics.render(), 'claims_gateway_trace_errors_total 1');
});

t.test('the attribute difference tells what happened to each name and shows no value', (t) => {
  const difference = attributeDifference(
    [
      { name: 'kept', values: ['same'] },
      { name: 'gone', values: ['x'] },
      { name: 'many', values: ['one'] },
      { name: 'many', values: ['two'] },
    ],
    [
      { name: 'kept', values: ['same'] },
      { name: 'many', values: ['one', 'three'] },
      { name: 'new', values: ['same'] },
    ],
    new Uint8Array(32),
  );
  t.same(
    difference.map(({ name, change, before, after }) => [name, change, before.length, after.length]),
    [
      ['kept', 'same', 1, 1],
      ['gone', 'dropped', 1, 0],
      ['many', 'changed', 2, 2],
      ['new', 'added', 0, 1],
    ],
  );
  t.equal(difference[0]?.before[0]?.fingerprint, difference[3]?.after[0]?.fingerprint, 'equal values look equal');
  t.not(difference[2]?.before[1]?.fingerprint, difference[2]?.after[1]?.fingerprint);
  t.notMatch(JSON.stringify(difference), /three|"two"/);
  t.end();
});

t.test('a reference is read as it is heard over the telephone', (t) => {
  t.equal(readReference('7q2x-0k1m-zz9t'), '7Q2X-0K1M-ZZ9T');
  t.equal(readReference(' 7Q2XOKIM ZZ9T '), '7Q2X-0K1M-ZZ9T', 'O is 0, I is 1');
  t.equal(readReference('7Q2X-0KLM-ZZ9T'), '7Q2X-0K1M-ZZ9T', 'L is 1');
  for (const wrong of ['', '7Q2X-0K1M-ZZ9', '7Q2X-0K1M-ZZ9TT', '7Q2X-0K1M-ZZ9U', "'; DROP"])
    t.equal(readReference(wrong), null, wrong);
  const reference = createIdSource().reference();
  t.equal(readReference(reference.toLowerCase()), reference);
  t.end();
});
