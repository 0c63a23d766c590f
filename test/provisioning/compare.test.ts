import t from 'tap';
import { compare } from '../../src/provisioning/compare.js';
import type { AccountRequest } from '../../src/provisioning/index.js';
import type { ScimUser } from '../../src/provisioning/scim/user.js';

const request = {
  tenant: 'acme',
  idp: 'okta',
  address: 'Ada@example.org',
  accountKey: '00u1',
  displayName: 'Ada Lovelace',
  reference: 'ABCD-EFGH-JKMN',
  at: 1,
} satisfies AccountRequest;

const same: ScimUser = {
  id: 'u1',
  userName: 'Ada@example.org',
  formattedName: 'Ada Lovelace',
  active: true,
  resourceType: 'User',
};

t.test('an account that says what the login says needs nobody', (t) => {
  t.strictSame(compare(request, [same]), []);
  t.strictSame(compare(request, [{ ...same, formattedName: null, active: null, resourceType: null }]), [], 'unknown');
  t.strictSame(compare({ ...request, displayName: null }, [same]), [], 'a login without a name says none');
  t.end();
});

t.test('each difference by itself, with what both sides say', (t) => {
  const cases: readonly (readonly [Partial<ScimUser>, object])[] = [
    [{ formattedName: 'A. Lovelace' }, { kind: 'name', login: 'Ada Lovelace', account: 'A. Lovelace' }],
    [{ formattedName: '' }, { kind: 'name', login: 'Ada Lovelace', account: '' }],
    [{ userName: 'ada@example.org' }, { kind: 'address-case', login: 'Ada@example.org', account: 'ada@example.org' }],
    [{ active: false }, { kind: 'inactive', login: null, account: 'u1' }],
    [{ resourceType: 'Group' }, { kind: 'functional-account', login: 'Ada@example.org', account: 'Group' }],
  ];
  for (const [change, followUp] of cases) t.strictSame(compare(request, [{ ...same, ...change }]), [followUp]);
  t.end();
});

t.test('of several matches the one in the spelling of the login is compared, wherever it stands', (t) => {
  const other: ScimUser = { ...same, id: 'u2', userName: 'ada@example.org', formattedName: 'Somebody', active: false };
  const several = (ids: string) => ({ kind: 'several-matches', login: 'Ada@example.org', account: ids });
  t.strictSame(compare(request, [same, other]), [several('u1, u2')]);
  t.strictSame(compare(request, [other, same]), [several('u2, u1')]);
  const third: ScimUser = { ...other, id: 'u3', userName: 'ADA@example.org', active: true };
  t.strictSame(
    compare(request, [other, third]).map(({ kind }) => kind),
    ['several-matches', 'inactive', 'address-case', 'name'],
    'else the first one',
  );
  t.end();
});

t.test('nothing is compared with nobody', (t) => {
  t.strictSame(compare(request, []), []);
  t.end();
});
