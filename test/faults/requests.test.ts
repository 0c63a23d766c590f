import t from 'tap';
import type { Fault, FaultRule } from '../../src/sandbox/index.js';
import { overBothBackends } from '../provisioning/backends.js';
import { eventually, makeRig, watchedFetch } from '../provisioning/rig.js';

const json = (body: object): Fault => ({
  kind: 'status',
  status: 200,
  contentType: 'application/json',
  body: JSON.stringify(body),
});
const user = (id: string, userName: string) => ({ id, userName, name: { formatted: 'X' }, active: false });

/** An answer of each kind that leads the worker down a path of its own, to the search and to the creation. */
const rules: Readonly<Record<string, readonly FaultRule[]>> = {
  'created at once': [],
  'created inactive': [{ operations: ['create'], fault: json(user('i', 'x@example.org')) }],
  'found, and different': [
    { operations: ['find'], fault: json({ totalResults: 1, Resources: [user('u', 'name@example.org')] }) },
  ],
  'found several times': [
    {
      operations: ['find'],
      fault: json({ totalResults: 2, Resources: [user('u', 'name@example.org'), user('v', 'NAME@example.org')] }),
    },
  ],
  'somebody else is listed': [
    { operations: ['find'], fault: json({ totalResults: 1, Resources: [user('u', 'x@example.org')] }), times: 1 },
  ],
  'no list': [{ operations: ['find'], fault: json({ hello: 'there' }), times: 1 }],
  'conflict in answer to a search': [{ operations: ['find'], fault: { kind: 'status', status: 409 }, times: 1 }],
  'conflict unseen': [{ operations: ['create'], fault: { kind: 'status', status: 409, body: '' } }],
  redirected: [{ fault: { kind: 'status', status: 302 }, times: 1 }],
  'created without an id': [{ operations: ['create'], fault: { kind: 'without-id' }, times: 1 }],
  'half an answer': [{ fault: { kind: 'half-answer' }, times: 1 }],
  reset: [{ fault: { kind: 'reset', applied: true }, times: 1 }],
  hang: [{ fault: { kind: 'hang', applied: true }, times: 1 }],
  html: [{ fault: { kind: 'html', applied: true }, times: 1 }],
  'gone away for good': [{ fault: { kind: 'status', status: 410 } }],
  'no such method': [{ fault: { kind: 'status', status: 405 } }],
  'server error': [{ operations: ['create'], fault: { kind: 'status', status: 500, applied: true }, times: 1 }],
  throttled: [{ fault: { kind: 'too-many-requests', headers: { 'retry-after': '1' } }, times: 1 }],
  'refused credential': [{ fault: { kind: 'unauthorized' }, times: 2 }],
  'outside the organisation': [
    { operations: ['create'], fault: { kind: 'status', status: 400, body: 'Account is outside the organization' } },
  ],
};

overBothBackends(t, (t, source) => {
  for (const mode of ['scim', 'observe'] as const) {
    for (const [name, plan] of Object.entries(rules)) {
      t.test(`${mode}, ${name}: nothing is sent but GET and POST Users`, async (t) => {
        const rig = await makeRig(t, await source().open(t), { settings: { mode }, observeAfter: 1 });
        const { scim } = rig.settings;
        if (scim === undefined) throw new Error('the rig has a connection');
        rig.settings = { ...rig.settings, retryFor: 700, scim: { ...scim, timeout: 300 } };
        const requests: Parameters<typeof watchedFetch>[0] = [];
        rig.work({ fetch: watchedFetch(requests), probeEvery: 100, observeFor: 300 });
        rig.zivver.misbehave({ rules: [...plan] });
        await rig.provisioner.submit(rig.login('Name', { address: 'Name@example.org' }));
        await eventually(() => rig.seen.outcomes.length === 1, 'an outcome', 60_000);
        rig.zivver.misbehave({ rules: [] });
        if (rig.seen.outcomes[0]?.[0] === 'failed') {
          await eventually(async () => (await rig.deadLetters.list(rig.tenant)).length === 1, 'a dead letter', 60_000);
          await rig.deadLetters.retryAll(rig.tenant);
          await eventually(() => rig.seen.outcomes.length === 2, 'an outcome of the retry', 60_000);
        }
        for (const { id } of await rig.deadLetters.list(rig.tenant)) await rig.deadLetters.dismiss(rig.tenant, id, 'x');
        for (const { accountId } of await rig.status.followUps(rig.tenant, 10)) {
          await rig.status.settleFollowUps(rig.tenant, accountId);
        }
        t.ok(requests.length > 0, 'something was sent');
        const sent = new Set(requests.map(({ method, path }) => `${method} ${path.replace(/^.*\/v2\//, '')}`));
        const allowed = mode === 'scim' ? ['GET Users', 'POST Users'] : ['GET Users'];
        t.strictSame(
          [...sent].filter((each) => !allowed.includes(each)),
          [],
        );
        const { find, create, ...others } = rig.zivver.requests().byOperation;
        t.ok(
          Object.values(others).every((count) => count === 0),
          'and nothing else arrived',
        );
        t.ok(find >= create && (mode === 'scim' || create === 0));
        t.ok(rig.zivver.accounts().length <= 1);
      });
    }
  }
});
