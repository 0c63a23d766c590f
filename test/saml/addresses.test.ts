import t from 'tap';
import { inspectResponse, receiveResponse, transform, type IdentityProvider } from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import {
  ACCOUNT_KEY,
  idpKeys,
  testContext,
  testIdp,
  testIssuing,
  testResponse,
  testServices,
  testSp,
} from '../support/saml-parties.js';
import { signedResponse, type ResponseDescription } from '../support/saml-response.js';

async function login(description: Partial<ResponseDescription>, changes: Partial<IdentityProvider> = {}) {
  const idp = testIdp({ domainKey: null, ...changes });
  const xml = await signedResponse(testResponse(description), { key: idpKeys().signingKey() });
  const parties = { idp, sp: testSp(), issuing: testIssuing() };
  return { document: Buffer.from(xml), parties };
}

async function send(description: Partial<ResponseDescription>, changes: Partial<IdentityProvider> = {}) {
  const { document, parties } = await login(description, changes);
  const received = await receiveResponse(document, parties.idp, parties.sp, testContext());
  return transform(received, parties, testServices());
}

t.test('what has the shape of an address is taken for one', async (t) => {
  for (const nameId of [
    'a@b.nl',
    'a.b+c@d-e.example.org',
    '.@b.c',
    'a@1.2',
    'ü@bücher.example',
    `${'a'.repeat(315)}@b.nl`,
  ]) {
    t.equal((await send({ nameId })).nameId, nameId);
  }
});

t.test('what has not is refused, wherever the fault stands in it', async (t) => {
  for (const nameId of [
    '@b.nl',
    'a@',
    'a@b',
    'a@.nl',
    'a@b.',
    'a@b.nl.',
    'a@b..nl',
    'a b@c.nl',
    'a@b c.nl',
    'a@b.n l',
    ' a@b.nl',
    'a@b.nl ',
    'a@b@c.nl',
    'a@b.nl@c',
    '<a@b.nl',
    'a>@b.nl',
    'a"@b.nl',
    'a@<b.nl',
    'a@b>.nl',
    'a@b".nl',
    'a@b.<nl',
    'a@b.nl>',
    'a@b.n"l',
    'x\na@b.nl',
    'a@b.nl\nx',
    `${'a'.repeat(316)}@b.nl`,
  ]) {
    await t.rejects(send({ nameId }), { code: 'NAME_ID_NOT_EMAIL' }, JSON.stringify(nameId));
  }
});

async function refusalOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof GatewayError) return error;
  throw new Error('It was not refused.');
}

t.test('of a NameID that is no address, only its length is told', async (t) => {
  const { message, evidence } = await refusalOf(send({ nameId: 'ajansen' }));
  t.equal(message, 'The NameID is not an e-mail address, so Zivver would not find the account.');
  t.strictSame(evidence, { expected: 'an e-mail address', seen: '7 characters, not e-mail-shaped' });
});

t.test('of required attributes, each that is missing is told, with how many values it has', async (t) => {
  const required = { attributes: ['a', ACCOUNT_KEY, 'b'], emailNameId: true };
  const attributes = [
    { name: 'b', values: ['1', '2'] },
    { name: ACCOUNT_KEY, values: ['k'] },
  ];
  const { message, evidence } = await refusalOf(send({ attributes }, { required }));
  const sentence = (name: string) =>
    `The identity provider sends no single non-empty text for the required attribute ${name}.`;
  t.equal(message, `${sentence('a')} ${sentence('b')}`);
  t.strictSame(evidence, {
    expected: `one non-empty value each: a, ${ACCOUNT_KEY}, b`,
    seen: 'a with 0 value(s), b with 2 value(s)',
  });
});

t.test('where nothing is required, inspect says so', async (t) => {
  const required = { attributes: [], emailNameId: false };
  const { document, parties } = await login({ nameId: 'ajansen', attributes: [] }, { required });
  const { checks } = await inspectResponse(document, parties, testContext(), testServices());
  const shown = (wanted: string) => {
    const { result, expected, seen } = checks.find(({ name }) => name === wanted) ?? {};
    return [result, expected, seen];
  };
  t.strictSame(shown('required-claims'), ['pass', 'one non-empty value each: (none required)', 'all']);
  t.strictSame(shown('name-id-email'), ['pass', 'anything', '7 characters, not e-mail-shaped']);
});
