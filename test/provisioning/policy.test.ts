import t from 'tap';
import { decide, type LoginFacts } from '../../src/provisioning/index.js';

const login: LoginFacts = {
  mode: 'scim',
  tenant: 'acme',
  domain: 'example.org',
  idp: 'okta',
  address: 'Ada@Example.org',
  accountKey: '00u1',
  displayName: 'Ada Lovelace',
  reference: 'ABCD-EFGH-JKMN',
  at: 1,
};

t.test('a new user of the domain is created, or observed where Zivver creates', (t) => {
  t.strictSame(decide(login, false), { action: 'create' });
  t.strictSame(decide({ ...login, mode: 'observe' }, false), { action: 'observe' });
  t.end();
});

t.test('every reason to skip', (t) => {
  t.strictSame(decide({ ...login, mode: 'off' }, false), { action: 'skip', reason: 'off' });
  t.strictSame(decide(login, true), { action: 'skip', reason: 'known' });
  t.strictSame(decide({ ...login, accountKey: null }, false), { action: 'skip', reason: 'not-a-user' });
  t.strictSame(decide({ ...login, accountKey: '' }, false), { action: 'skip', reason: 'not-a-user' });
  for (const address of [
    'ada@example.com',
    'ada@sub.example.org',
    'example.org@evil.test',
    'ada@example.org.evil.test',
  ]) {
    t.strictSame(decide({ ...login, address }, false), { action: 'skip', reason: 'other-domain' }, address);
  }
  t.end();
});

t.test('the domain is what follows the last @, in any case', (t) => {
  t.strictSame(decide({ ...login, domain: 'EXAMPLE.ORG' }, false), { action: 'create' });
  t.strictSame(decide({ ...login, address: '"a@evil.test"@example.org' }, false), { action: 'create' });
  t.end();
});
