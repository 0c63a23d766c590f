import t from 'tap';
import { ExpiringMap } from '../../src/sandbox/expiring-map.js';
import { assertSamlStructure } from '../../src/sandbox/saml-structure.js';
import { ANNA, parties } from './parties.js';

t.test('a document that the schema does not allow is refused', async (t) => {
  const { idp, zivver } = await parties(t);
  const xml = Buffer.from((await idp.issueResponse(ANNA.email)).samlResponse, 'base64').toString();
  assertSamlStructure(xml);
  assertSamlStructure(idp.metadataXml);
  assertSamlStructure(zivver.metadataXml);
  const assertion = /<saml2:Assertion.*<\/saml2:Assertion>/s.exec(xml)?.[0] ?? '';
  const cases: [string, string | RegExp, string][] = [
    [
      'a second status',
      '<saml2p:Status>',
      '<saml2p:Status><saml2p:StatusCode Value="x"/></saml2p:Status><saml2p:Status>',
    ],
    ['an assertion in an issuer', /(<saml2:Issuer[^>]*>)/, `$1${assertion.replaceAll('$', '$$$$')}`],
    ['a missing ID', / ID="[^"]*"/, ''],
    ['an ID that starts with a digit', / ID="_/, ' ID="1'],
    ['another version', 'Version="2.0"', 'Version="1.1"'],
    ['a date without a time', /IssueInstant="([^T]*)[^"]*"/, 'IssueInstant="$1"'],
    ['a confirmation without method', / Method="[^"]*"/, ''],
    [
      'conditions before the subject',
      /(<saml2:Subject>.*<\/saml2:Subject>)(<saml2:Conditions.*<\/saml2:Conditions>)/s,
      '$2$1',
    ],
    ['another root', /saml2p:Response/g, 'saml2p:Nonsense'],
    ['a document type', '<saml2p:Response', '<!DOCTYPE r><saml2p:Response'],
    ['an open element', '</saml2p:Response>', ''],
    ['an undeclared prefix', '<saml2p:Status>', '<x:y/><saml2p:Status>'],
  ];
  for (const [what, from, to] of cases) {
    const changed = xml.replace(from, to);
    t.not(changed, xml);
    t.throws(() => {
      assertSamlStructure(changed);
    }, what);
  }
  const id = / ID="([^"]*)"/.exec(assertion)?.[1] ?? '';
  t.throws(() => {
    assertSamlStructure(xml.replace('<saml2p:Status>', `<saml2p:Status ID="${id}">`));
  }, /occurs twice/);
});

t.test('an expiring map forgets by age and by number', (t) => {
  const clock = { time: 0, now: () => clock.time };
  const map = new ExpiringMap<number>(clock, 100, 2);
  map.set('a', 1);
  clock.time = 60;
  map.set('b', 2);
  t.equal(map.get('a'), 1);
  clock.time = 99;
  t.equal(map.take('a'), 1);
  t.equal(map.take('a'), undefined, 'taken once');
  clock.time = 160;
  t.equal(map.get('b'), undefined, 'too old');
  for (const [index, key] of ['c', 'd', 'e'].entries()) map.set(key, index);
  t.same([map.get('c'), map.get('d'), map.get('e')], [undefined, 1, 2], 'the oldest makes room');
  t.end();
});
