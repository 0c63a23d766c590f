import t from 'tap';
import {
  NAME_ID,
  receiveResponse,
  secretFingerprint,
  transform,
  type ClaimRule,
  type DomainKeyPolicy,
  type IdentityProvider,
  type OutgoingResponse,
} from '../../src/saml/index.js';
import {
  ACCOUNT_KEY,
  DOMAIN_KEY,
  idpKeys,
  testContext,
  testIdp,
  testIssuing,
  testResponse,
  testServices,
  testSp,
} from '../support/saml-parties.js';
import { signedResponse, type TestAttribute } from '../support/saml-response.js';

const SECRET = 'domain-key-of-example-org';
const BASE: readonly TestAttribute[] = [{ name: ACCOUNT_KEY, values: ['00u1'] }];

async function login(
  attributes: readonly TestAttribute[],
  changes: Partial<IdentityProvider>,
  nameId = 'A.Jansen@example.org',
  edit?: (xml: string) => string,
): Promise<OutgoingResponse> {
  const idp = testIdp({ domainKey: null, ...changes });
  const sealing = { key: idpKeys().signingKey(), ...(edit === undefined ? {} : { edit }) };
  const xml = await signedResponse(testResponse({ attributes, nameId }), sealing);
  const received = await receiveResponse(Buffer.from(xml), idp, testSp(), testContext());
  return transform(received, { idp, sp: testSp(), issuing: testIssuing() }, testServices());
}

const pairs = ({ attributesOut }: OutgoingResponse) => attributesOut.map(({ name, values }) => [name, ...values]);

async function after(attributes: readonly TestAttribute[], ...claims: readonly ClaimRule[]) {
  return pairs(await login([...BASE, ...attributes], { claims }));
}

const one: TestAttribute = { name: 'one', values: ['1'] };
const two: TestAttribute = { name: 'two', values: ['A', 'b'] };
const key = [ACCOUNT_KEY, '00u1'];

t.test('what no rule names passes in order', async (t) => {
  t.strictSame(await after([two, one, one]), [key, ['two', 'A', 'b'], ['one', '1'], ['one', '1']]);
});

t.test('set writes a constant in place of what is there, or last', async (t) => {
  t.strictSame(await after([one, two, one], { kind: 'set', to: 'one', value: 'x&<' }), [
    key,
    ['one', 'x&<'],
    ['two', 'A', 'b'],
  ]);
  t.strictSame(await after([one], { kind: 'set', to: 'new', value: 'x' }), [key, ['one', '1'], ['new', 'x']]);
});

t.test('copy keeps the source, takes all its values, and does nothing without one', async (t) => {
  t.strictSame(await after([one, two], { kind: 'copy', from: 'two', to: 'one' }), [
    key,
    ['one', 'A', 'b'],
    ['two', 'A', 'b'],
  ]);
  t.strictSame(await after([one], { kind: 'copy', from: 'absent', to: 'one' }), [key, ['one', '1']]);
  t.strictSame(await after([one], { kind: 'copy', from: 'one', to: 'one' }), [key, ['one', '1']]);
});

t.test('rename keeps the place, replaces what bore the name, and onto itself changes nothing', async (t) => {
  t.strictSame(await after([two, one], { kind: 'rename', from: 'two', to: 'one' }), [key, ['one', 'A', 'b']]);
  t.strictSame(await after([two], { kind: 'rename', from: 'two', to: 'two' }), [key, ['two', 'A', 'b']]);
  t.strictSame(await after([two], { kind: 'rename', from: 'absent', to: 'two' }), [key, ['two', 'A', 'b']]);
});

t.test('names in rules are compared exactly', async (t) => {
  t.strictSame(await after([one], { kind: 'drop', name: 'ONE' }), [key, ['one', '1']]);
});

t.test('drop and lowercase touch what they name and nothing else', async (t) => {
  t.strictSame(await after([one, two, one], { kind: 'drop', name: 'one' }), [key, ['two', 'A', 'b']]);
  t.strictSame(await after([two, { name: 'Two', values: ['A'] }], { kind: 'lowercase', name: 'two' }), [
    key,
    ['two', 'a', 'b'],
    ['Two', 'A'],
  ]);
});

t.test('template fills in single values, and writes nothing where a source is absent', async (t) => {
  const template = '{{{one}}}-{NameID}';
  t.strictSame(await after([one], { kind: 'template', to: 'x', template }), [
    key,
    ['one', '1'],
    ['x', '{1}-A.Jansen@example.org'],
  ]);
  t.strictSame(await after([], { kind: 'template', to: 'x', template }), [key]);
});

t.test('rules apply in order, each to what the one before left', async (t) => {
  t.strictSame(
    await after(
      [one],
      { kind: 'rename', from: 'one', to: 'x' },
      { kind: 'drop', name: 'one' },
      { kind: 'set', to: 'one', value: '2' },
    ),
    [key, ['x', '1'], ['one', '2']],
  );
});

t.test('rules reach the NameID, and read it', async (t) => {
  const nameIdAfter = async (...claims: ClaimRule[]) =>
    (await login([...BASE, { name: 'mail', values: ['x@example.org'] }, two], { claims })).nameId;
  t.equal(await nameIdAfter({ kind: 'lowercase', name: NAME_ID }), 'a.jansen@example.org');
  const lower: ClaimRule = { kind: 'lowercase', name: NAME_ID };
  const kelvin = await nameIdAfter({ kind: 'set', to: NAME_ID, value: 'Ä\u212AIM\u0130@Example.org' }, lower);
  t.equal(kelvin, 'ä\u212Aim\u0130@example.org', 'what only looks like a letter of another address does not become it');
  t.equal(await nameIdAfter({ kind: 'copy', from: 'mail', to: NAME_ID }), 'x@example.org');
  t.equal(await nameIdAfter({ kind: 'set', to: NAME_ID, value: 's@example.org' }), 's@example.org');
  t.equal(await nameIdAfter({ kind: 'copy', from: 'absent', to: NAME_ID }), 'A.Jansen@example.org');
  t.equal(await nameIdAfter({ kind: 'template', to: NAME_ID, template: 'p-{mail}' }), 'p-x@example.org');
  const renamed = await login([...BASE, { name: 'mail', values: ['x@example.org'] }], {
    claims: [{ kind: 'rename', from: 'mail', to: NAME_ID }],
  });
  t.equal(renamed.nameId, 'x@example.org');
  t.strictSame(pairs(renamed), [key]);
  t.strictSame(await after([], { kind: 'copy', from: NAME_ID, to: 'upn' }), [key, ['upn', 'A.Jansen@example.org']]);
  await t.rejects(nameIdAfter({ kind: 'copy', from: 'two', to: NAME_ID }), { code: 'CLAIM_AMBIGUOUS' });
  await t.rejects(nameIdAfter({ kind: 'template', to: 'x', template: '{two}' }), { code: 'CLAIM_AMBIGUOUS' });
  await t.rejects(nameIdAfter({ kind: 'set', to: NAME_ID, value: ' ' }), { code: 'CLAIM_AMBIGUOUS' });
});

t.test('a required claim needs exactly one value that is not empty, after the rules', async (t) => {
  const refused = (attributes: readonly TestAttribute[], claims: readonly ClaimRule[] = []) =>
    t.rejects(login(attributes, { claims }), { code: 'CLAIM_REQUIRED' });
  await refused([]);
  await refused([{ name: ACCOUNT_KEY, values: [] }]);
  await refused([{ name: ACCOUNT_KEY, values: [' '] }]);
  await refused([{ name: ACCOUNT_KEY, values: ['a', 'b'] }]);
  await refused([...BASE, ...BASE]);
  const inPieces = (xml: string) => xml.replace('>00u1<', '>00<x>u1</x><');
  await t.rejects(login(BASE, {}, undefined, inPieces), { code: 'CLAIM_REQUIRED' }, 'and no elements in it');
  const beside = [{ name: ACCOUNT_KEY, values: [] }, ...BASE];
  await t.resolves(login(beside, {}), 'an attribute without values does not count');
  await t.rejects(login(beside, {}, undefined, inPieces), { code: 'CLAIM_REQUIRED' }, 'and does not help either');
  await refused(BASE, [{ kind: 'drop', name: ACCOUNT_KEY }]);
  await t.resolves(
    login([{ name: 'user.id', values: ['1'] }], { claims: [{ kind: 'rename', from: 'user.id', to: ACCOUNT_KEY }] }),
  );
  await t.resolves(login([], { required: { attributes: [], emailNameId: true } }));
});

t.test('the NameID must look like an e-mail address, unless the IdP file says otherwise', async (t) => {
  for (const nameId of [
    'ajansen',
    'EXAMPLE\\ajansen',
    'a@b',
    'a@b@c.nl',
    'a b@c.nl',
    'a@c..nl',
    'a\u200b@c.nl',
    'a@c\u00ad.nl',
    '\u202eln.c@a.nl',
    'a\u3164@c.nl',
    'a\ufe0f@c.nl',
    `${'a'.repeat(320)}@c.nl`,
  ]) {
    await t.rejects(login(BASE, {}, nameId), { code: 'NAME_ID_NOT_EMAIL' }, nameId);
  }
  await t.resolves(login(BASE, { required: { attributes: [], emailNameId: false } }, 'ajansen'));
});

t.test('an address of another organisation’s domain is refused, also where a claim rule made it one', async (t) => {
  const foreignDomains = ['b.example', 'c.example'];
  const at = (nameId: string, claims: readonly ClaimRule[] = []) => login(BASE, { foreignDomains, claims }, nameId);
  const refused = { code: 'NAME_ID_FOREIGN_DOMAIN', evidence: { expected: /^no domain of/, seen: 'b.example' } };
  await t.rejects(at('a@b.example'), refused);
  await t.rejects(at('a@B.Example'), refused);
  await t.rejects(at('a@example.org', [{ kind: 'set', to: NAME_ID, value: 'x@b.example' }]), refused);
  for (const nameId of ['a@example.org', 'a@sub.b.example', 'b.example@example.org', 'a@nowhere.example']) {
    await t.resolves(at(nameId), nameId);
  }
});

t.test('a refusal for claims names no value', async (t) => {
  const error: unknown = await login(BASE, {}, 'secret person').catch((thrown: unknown) => thrown);
  t.notMatch(JSON.stringify([String(error), error]), /secret person/);
});

function domainKey(changes: Partial<DomainKeyPolicy> = {}): DomainKeyPolicy {
  return {
    mode: 'inject',
    attribute: DOMAIN_KEY,
    nameFormat: null,
    type: null,
    value: { reveal: () => SECRET },
    onMismatch: 'refuse',
    ...changes,
  };
}

const ours: TestAttribute = { name: DOMAIN_KEY, values: [SECRET] };
const theirs: TestAttribute = { name: DOMAIN_KEY, values: ['forged'] };
const otherCase: TestAttribute = { name: DOMAIN_KEY.toUpperCase(), values: [SECRET] };
const KEYED = [key, [DOMAIN_KEY, SECRET]];

t.test('inject drops every inbound DomainKey, whatever its case or format, and adds ours', async (t) => {
  for (const [inbound, dropped] of [
    [[], 0],
    [[ours], 1],
    [[theirs, otherCase, ours], 3],
    [[{ name: ` ${DOMAIN_KEY}`, values: ['x', 'y'] }], 1],
  ] as const) {
    const outgoing = await login([...inbound, ...BASE], { domainKey: domainKey() });
    t.strictSame(pairs(outgoing), KEYED);
    t.strictSame(outgoing.domainKey, { action: 'injected', dropped, fingerprint: secretFingerprint(SECRET) });
  }
});

t.test('no claim rule can write the DomainKey', async (t) => {
  const claims: ClaimRule[] = [
    { kind: 'set', to: DOMAIN_KEY, value: 'forged' },
    { kind: 'copy', from: ACCOUNT_KEY, to: DOMAIN_KEY.toLowerCase() },
  ];
  t.strictSame(pairs(await login(BASE, { domainKey: domainKey(), claims })), KEYED);
});

t.test('the injected attribute has the configured form', async (t) => {
  const plain = await login(BASE, { domainKey: domainKey() });
  t.match(plain.xml(), `<saml:Attribute Name="${DOMAIN_KEY}"><saml:AttributeValue>${SECRET}</saml:AttributeValue>`);
  const full = await login(BASE, { domainKey: domainKey({ nameFormat: 'urn:f', type: 'xs:string' }) });
  t.match(full.xml(), `Name="${DOMAIN_KEY}" NameFormat="urn:f"`);
  t.match(full.xml(), /<saml:Attribute xmlns:xs="http:\/\/www\.w3\.org\/2001\/XMLSchema" Name="[^"]*DomainKey"/);
  t.match(full.xml(), `xsi:type="xs:string">${SECRET}</saml:AttributeValue>`);
});

const verdicts: readonly (readonly [DomainKeyPolicy['mode'], string, readonly TestAttribute[], string])[] = [
  ['verify', 'ours', [ours], 'verified'],
  ['verify', 'none', [], 'DOMAIN_KEY_MISSING'],
  ['verify', 'another', [theirs], 'DOMAIN_KEY_MISMATCH'],
  ['verify', 'ours twice', [ours, ours], 'DOMAIN_KEY_MISMATCH'],
  ['verify', 'two values', [{ name: DOMAIN_KEY, values: [SECRET, SECRET] }], 'DOMAIN_KEY_MISMATCH'],
  ['verify', 'no value', [{ name: DOMAIN_KEY, values: [] }], 'DOMAIN_KEY_MISMATCH'],
  ['verify', 'a longer one', [{ name: DOMAIN_KEY, values: [`${SECRET} `] }], 'DOMAIN_KEY_MISMATCH'],
  ['verify', 'ours under another case of the name', [otherCase], 'DOMAIN_KEY_MISMATCH'],
  ['ensure', 'ours', [ours], 'verified'],
  ['ensure', 'none', [], 'injected'],
  ['ensure', 'another', [theirs], 'DOMAIN_KEY_MISMATCH'],
];

for (const [mode, what, inbound, expected] of verdicts) {
  t.test(`${mode} with ${what} inbound gives ${expected}`, async (t) => {
    const attempt = login([...BASE, ...inbound], { domainKey: domainKey({ mode }) });
    if (expected.startsWith('DOMAIN_KEY_')) {
      const error: unknown = await attempt.catch((thrown: unknown) => thrown);
      t.match(error, { code: expected });
      t.notMatch(JSON.stringify([String(error), error]), new RegExp(`${SECRET}|forged`), 'no value is told');
      return;
    }
    const outgoing = await attempt;
    t.equal(outgoing.domainKey?.action, expected);
    t.strictSame(pairs(outgoing), KEYED);
  });
}

t.test('a mismatch is replaced where the policy says so, an absence under verify is not', async (t) => {
  for (const mode of ['verify', 'ensure'] as const) {
    const policy = domainKey({ mode, onMismatch: 'replace' });
    const outgoing = await login([theirs, ...BASE], { domainKey: policy });
    t.equal(outgoing.domainKey?.action, 'replaced');
    t.strictSame(pairs(outgoing), KEYED);
  }
  const absent = login(BASE, { domainKey: domainKey({ mode: 'verify', onMismatch: 'replace' }) });
  await t.rejects(absent, { code: 'DOMAIN_KEY_MISSING' });
});

t.test('a value with an element inside is not ours, though its text is', async (t) => {
  const edit = (xml: string) => xml.replace(SECRET, 'domain-key-<x/>of-example-org');
  const attempt = login([...BASE, ours], { domainKey: domainKey({ mode: 'verify' }) }, undefined, edit);
  await t.rejects(attempt, { code: 'DOMAIN_KEY_MISMATCH' });
});
