import t from 'tap';
import { inspectResponse, receiveResponse, transform, type ClaimRule } from '../../src/saml/index.js';
import { maskAttributes } from '../../src/saml/attributes.js';
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
import { signedResponse } from '../support/saml-response.js';

const SAML = 'xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"';

/** A login with this attribute beside the account key. */
function documentWith(attribute: string): Promise<string> {
  return signedResponse(testResponse({ attributes: [{ name: ACCOUNT_KEY, values: ['k'] }] }), {
    key: idpKeys().signingKey(),
    edit: (xml) => xml.replace('</saml2:AttributeStatement>', `${attribute}</saml2:AttributeStatement>`),
  });
}

/** What becomes of it. */
async function passedOn(attribute: string, ...claims: readonly ClaimRule[]): Promise<string | undefined> {
  const idp = testIdp({ domainKey: null, claims });
  const login = await receiveResponse(Buffer.from(await documentWith(attribute)), idp, testSp(), testContext());
  const outgoing = await transform(login, { idp, sp: testSp(), issuing: testIssuing() }, testServices());
  const [, ...attributes] = outgoing.xml().match(/<(saml2?):Attribute .*?<\/\1:Attribute>/gs) ?? [];
  return attributes.join('');
}

t.test('a renamed attribute keeps all but the FriendlyName, which would name the old one', async (t) => {
  const attribute = (said: string) =>
    `<saml2:Attribute ${SAML} xmlns:x="urn:x" ${said} x:FriendlyName="f" x:Name="n"><saml2:AttributeValue>A</saml2:AttributeValue></saml2:Attribute>`;
  const rename: ClaimRule = { kind: 'rename', from: 'old', to: 'new' };
  t.equal(
    await passedOn(attribute('FriendlyName="Old" Name="old" NameFormat="urn:f"'), rename),
    attribute('Name="new" NameFormat="urn:f"'),
  );
});

t.test('lower case is given to values that are text, and nothing around or beside them', async (t) => {
  const attribute = (...values: readonly string[]) =>
    `<saml2:Attribute ${SAML} Name="Group">\n ${values.map((each) => `<saml2:AttributeValue>${each}</saml2:AttributeValue>`).join('\n ')}</saml2:Attribute>`;
  t.equal(
    await passedOn(attribute('ÄB&amp;C', 'D<saml2:E>F</saml2:E>'), { kind: 'lowercase', name: 'Group' }),
    attribute('äb&amp;c', 'D<saml2:E>F</saml2:E>'),
  );
});

t.test('an attribute that we write declares what it uses, and nothing else', async (t) => {
  const value = { reveal: () => 'x' };
  const domainKey = { mode: 'inject', attribute: 'd', nameFormat: 'urn:f', value, onMismatch: 'refuse' } as const;
  const written = async (type: 'xs:string' | null) => {
    const idp = testIdp({ domainKey: { ...domainKey, type } });
    const login = await receiveResponse(Buffer.from(await documentWith('')), idp, testSp(), testContext());
    const outgoing = await transform(login, { idp, sp: testSp(), issuing: testIssuing() }, testServices());
    return /<saml:Attribute .*?<\/saml:Attribute>/.exec(outgoing.xml())?.[0];
  };
  t.equal(
    await written('xs:string'),
    '<saml:Attribute xmlns:xs="http://www.w3.org/2001/XMLSchema" Name="d" NameFormat="urn:f">' +
      '<saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">x</saml:AttributeValue></saml:Attribute>',
  );
  t.equal(
    await written(null),
    '<saml:Attribute Name="d" NameFormat="urn:f"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute>',
  );
});

t.test('what a claim rule writes has a name that is a URI', async (t) => {
  t.equal(
    await passedOn('', { kind: 'set', to: 'urn:new', value: 'x' }),
    '<saml:Attribute Name="urn:new" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">' +
      '<saml:AttributeValue>x</saml:AttributeValue></saml:Attribute>',
  );
});

t.test('what is secret is masked by its name, in whatever case and with whatever white space', async (t) => {
  const facts = { nameFormat: null, friendlyName: null, values: ['one', 'two'] };
  const masked = maskAttributes(
    [
      { ...facts, name: ' SECRET\t' },
      { ...facts, name: 'secrets' },
      { ...facts, name: 'other' },
    ],
    ['else', '\nSecret '],
  );
  t.strictSame(
    masked.map(({ values }) => values),
    [
      ['[secret]', '[secret]'],
      ['one', 'two'],
      ['one', 'two'],
    ],
  );
  const odd = `<saml2:Attribute Name=" ${ACCOUNT_KEY.toUpperCase()} "><saml2:AttributeValue>p4ss<x>w0rd</x></saml2:AttributeValue></saml2:Attribute>`;
  const parties = { idp: testIdp(), sp: testSp(), issuing: testIssuing() };
  const document = Buffer.from(await documentWith(odd));
  const { output } = await inspectResponse(document, parties, testContext(), testServices(), [`${ACCOUNT_KEY} `]);
  t.notMatch(output, /p4ss|w0rd|domain-key-of/);
  t.equal(output?.match(/<(saml2?):AttributeValue[^>]*>\[secret\]<\/\1:AttributeValue>/g)?.length, 3);
  t.match(output, `Name="${DOMAIN_KEY}"`);
});
