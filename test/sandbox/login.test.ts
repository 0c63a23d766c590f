import t from 'tap';
import { Browser } from './browser.js';
import { ANNA, BRAM, parties, type Parties } from './parties.js';

async function logIn({ zivver }: Parties, browser: Browser, path = ''): Promise<string> {
  const chooser = await browser.get(`${zivver.url}/login?email=${encodeURIComponent(ANNA.email)}${path}`);
  const here = chooser.text.includes('SAMLRequest') ? await browser.submit(chooser) : chooser;
  const posting = await browser.submit(here, { user: ANNA.email });
  return (await browser.submit(posting)).text;
}

for (const binding of ['redirect', 'post'] as const) {
  for (const signed of [false, true]) {
    t.test(`a login by ${binding}, request ${signed ? 'signed' : 'unsigned'}, ends logged in`, async (t) => {
      const both = await parties(t, { request: { binding, signed } }, { requests: signed ? 'signed' : 'any' });
      const browser = new Browser();
      t.match(await logIn(both, browser), `Logged in as ${ANNA.email}`);
      const { zivver } = both;
      t.match(zivver.accounts(), [
        { userName: ANNA.email, displayName: `${ANNA.firstName} ${ANNA.lastName}`, origin: 'just-in-time' },
      ]);
      t.equal(zivver.accounts()[0]?.ssoAccountKey, ANNA.id, 'the account key came over byte for byte');
      t.match(zivver.logins(), [
        {
          outcome: 'logged-in',
          domainKey: 'right',
          accountCreated: true,
          signed: { response: true, assertion: true },
          inResponseTo: /^_/,
          relayState: null,
        },
      ]);
      t.match((await browser.get(zivver.url)).text, 'Logged in as', 'the session lasts');
      t.notMatch((await new Browser().get(zivver.url)).text, 'Logged in as', 'and is this browser’s');
      await logIn(both, browser);
      t.equal(zivver.accounts().length, 1, 'a second login makes no second account');
    });
  }
}

t.test('an unsigned request is refused by an IdP that wants it signed', async (t) => {
  const { zivver } = await parties(t, {}, { requests: 'signed' });
  const page = await new Browser().get(`${zivver.url}/login?email=${ANNA.email}`);
  t.equal(page.status, 400);
  t.match(page.text, 'does not verify');
});

t.test('a request with a signature that does not fit is refused, although none was needed', async (t) => {
  const { zivver } = await parties(t, { request: { binding: 'redirect', signed: true } });
  const start = await fetch(`${zivver.url}/login?email=${ANNA.email}&RelayState=one`, { redirect: 'manual' });
  const url = start.headers.get('location') ?? '';
  t.equal((await new Browser().get(url)).status, 200);
  t.equal((await new Browser().get(url.replace('RelayState=one', 'RelayState=two'))).status, 400);
});

t.test('a request that is not meant for the IdP, or by nobody it knows, is refused with the reason', async (t) => {
  const { idp, zivver } = await parties(t);
  const post = async (xml: string) =>
    new Browser().post(`${idp.url}/sso`, { SAMLRequest: Buffer.from(xml).toString('base64') });
  const request = (attributes: string, issuer: string, rest = '') =>
    `<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z" ${attributes}><a:Issuer xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">${issuer}</a:Issuer>${rest}</p:AuthnRequest>`;
  const policy = (format: string) => `<p:NameIDPolicy Format="urn:oasis:names:tc:SAML:${format}"/>`;
  t.equal((await post(request('', zivver.entityId, policy('1.1:nameid-format:emailAddress')))).status, 200);
  t.match((await post(request('', 'https://other.test/'))).text, 'No app is registered');
  t.match((await post(request('Destination="https://other.test/"', zivver.entityId))).text, 'another destination');
  t.match(
    (await post(request('AssertionConsumerServiceURL="https://evil.test/"', zivver.entityId))).text,
    'registered',
  );
  t.match((await post(request('', zivver.entityId, policy('2.0:nameid-format:transient')))).text, 'NameIDPolicy');
  t.match((await post(request('', zivver.entityId, '<p:Nonsense/>'))).text, 'does not verify');
  t.match((await post(`<!DOCTYPE x>${request('', zivver.entityId)}`)).text, 'cannot be read');
  t.equal((await new Browser().get(`${idp.url}/sso`)).status, 400);
});

t.test('a login from the IdP’s tile carries its RelayState and answers no request', async (t) => {
  const { idp, zivver } = await parties(t);
  const browser = new Browser();
  const dashboard = await browser.get(idp.url);
  t.match(dashboard.text, 'Zivver &lt;direct&gt;', 'the label is escaped');
  const tile = /href="(\/apps\/\d+)"/.exec(dashboard.text)?.[1] ?? '';
  const chooser = await browser.get(`${idp.url}${tile}?RelayState=${encodeURIComponent('/?inbox="1"')}`);
  const end = await browser.submit(await browser.submit(chooser, { user: ANNA.email }));
  t.match(end.text, 'Logged in as');
  t.equal(end.url, `${zivver.url}/?inbox=%221%22`, 'the browser is where RelayState said');
  t.match(zivver.logins(), [{ relayState: '/?inbox="1"', inResponseTo: null }]);
  t.equal((await browser.get(`${idp.url}/apps/7`)).status, 400);
});

t.test('RelayState goes round with a request, and never leads to another site', async (t) => {
  const both = await parties(t);
  for (const state of ['https://evil.test/', '//evil.test/', '/\\evil.test/', 'javascript:alert(1)']) {
    t.match(await logIn(both, new Browser(), `&RelayState=${encodeURIComponent(state)}`), 'Logged in as', state);
    t.equal(both.zivver.logins().at(-1)?.relayState, state);
  }
});

t.test('a sign-in form works once', async (t) => {
  const { idp } = await parties(t);
  const browser = new Browser();
  const chooser = await browser.get(`${idp.url}/apps/0`);
  t.equal((await browser.submit(chooser, { user: 'nobody@example.test' })).status, 400);
  t.equal((await browser.submit(chooser, { user: ANNA.email })).status, 200);
  t.equal((await browser.submit(chooser, { user: ANNA.email })).status, 400);
});

t.test(
  'the self-posting page has a button for browsers without JavaScript, and a policy for its one script',
  async (t) => {
    const { idp } = await parties(t);
    const browser = new Browser();
    const page = await browser.submit(await browser.get(`${idp.url}/apps/0`), { user: ANNA.email });
    t.match(page.text, /<noscript>.*<button type="submit">.*<\/noscript>/);
    t.match(page.headers.get('content-security-policy'), /default-src 'none'.*script-src 'sha256-/);
  },
);

t.test('an address of another domain, or no identity provider, gets the password page', async (t) => {
  const { zivver } = await parties(t);
  const page = await new Browser().get(`${zivver.url}/login?email=${encodeURIComponent(`"><i>${BRAM.email}`)}`);
  t.match(page.text, 'Password required');
  t.match(page.text, '&quot;&gt;&lt;i&gt;', 'what was typed is escaped');
});

t.test('logging out ends the session', async (t) => {
  const both = await parties(t);
  const browser = new Browser();
  await logIn(both, browser);
  await browser.post(`${both.zivver.url}/logout`, {});
  t.match((await browser.get(both.zivver.url)).text, 'Log in');
});
