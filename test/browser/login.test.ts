import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { startBrowser } from '../support/browser.js';
import { ANNA, setTheStage, type Stage } from './stage.js';

const browser = await startBrowser(t);

/** What Zivver's side says of the logins so far, all of one person. */
function assertLoggedIn(t: Test, { zivver }: Stage, logins: readonly Readonly<Record<string, unknown>>[]): void {
  t.match(
    zivver.logins(),
    logins.map((login) => ({
      outcome: 'logged-in',
      domainKey: 'right',
      accountCreated: false,
      signed: { response: true, assertion: true },
      ...login,
    })),
  );
  t.match(zivver.accounts(), [{ userName: ANNA.email, ssoAccountKey: ANNA.id, displayName: 'Anna de Vries' }]);
  t.equal(zivver.accounts().length, 1, 'there is one account');
  t.equal(zivver.requests().byOperation.create, 1, 'and it was asked for once');
}

async function typeAddress(page: Page, start: string): Promise<void> {
  await page.goto(start);
  await page.getByLabel('E-mail address').fill(ANNA.email);
  await page.getByRole('button', { name: 'Continue' }).click();
}

const choosePerson = (page: Page) => page.getByRole('button', { name: ANNA.email }).click();
const goOn = (page: Page) => page.getByRole('button', { name: 'Continue' }).click();
const isLoggedIn = (page: Page) => page.getByRole('heading', { name: `Logged in as ${ANNA.email}` }).waitFor();

for (const binding of ['redirect', 'post'] as const) {
  t.test(`a new person logs in from the service provider's page by ${binding}, and again`, async (t) => {
    const stage = await setTheStage(t, { binding, idp: { request: { binding } } });
    for (const again of [false, true]) {
      const { page, violations } = await browser.open();
      await typeAddress(page, stage.zivver.url);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      t.equal(new URL(page.url()).origin, stage.idp.url, 'the identity provider asks who it is');
      await choosePerson(page);
      await isLoggedIn(page);
      t.equal(page.url(), `${stage.zivver.url}/`);
      const login = { inResponseTo: /^_/ };
      assertLoggedIn(t, stage, again ? [login, login] : [login]);
      t.strictSame(violations(), []);
    }
  });
}

t.test('without JavaScript a person presses visible buttons', async (t) => {
  const stage = await setTheStage(t, { binding: 'post', idp: { request: { binding: 'post' } } });
  const { page, violations } = await browser.open({ javaScriptEnabled: false, locale: 'nl-NL' });
  await typeAddress(page, stage.zivver.url);
  await goOn(page);
  const ours = page.getByRole('button', { name: 'Doorgaan' });
  await ours.waitFor();
  t.equal(new URL(page.url()).origin, stage.gateway.publicUrl, 'our request waits on a page of ours');
  await ours.click();
  await choosePerson(page);
  await goOn(page);
  await ours.waitFor();
  t.equal(page.url(), `${stage.gateway.publicUrl}/saml/okta/acs`, 'the response waits on a page of ours');
  t.equal(stage.zivver.logins().length, 0, 'and goes nowhere by itself');
  await ours.click();
  await isLoggedIn(page);
  assertLoggedIn(t, stage, [{ inResponseTo: /^_/ }]);
  t.strictSame(violations(), []);
});

t.test('the tile on the identity provider’s dashboard logs a person in', async (t) => {
  const stage = await setTheStage(t);
  const { page, violations } = await browser.open();
  await page.goto(stage.idp.url);
  await page.getByRole('link', { name: 'Zivver' }).click();
  await choosePerson(page);
  await isLoggedIn(page);
  assertLoggedIn(t, stage, [{ inResponseTo: null }]);
  t.strictSame(violations(), []);
});

t.test('with delivery by proxy the browser stays at the gateway’s address', async (t) => {
  const stage = await setTheStage(t, { idp: { delivery: 'proxy', serviceProvider: { proxy: { prefix: '/' } } } });
  const { page, violations } = await browser.open();
  const origins = new Set<string>();
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  await typeAddress(page, `${stage.gateway.publicUrl}/`);
  await choosePerson(page);
  await isLoggedIn(page);
  t.equal(page.url(), `${stage.gateway.publicUrl}/`);
  t.strictSame([...origins].sort(), [stage.gateway.publicUrl, stage.idp.url].sort());
  assertLoggedIn(t, stage, [{ inResponseTo: /^_/ }]);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  t.equal(page.url(), `${stage.gateway.publicUrl}/`, 'and what follows goes through the gateway too');
  t.strictSame(violations(), []);
});
