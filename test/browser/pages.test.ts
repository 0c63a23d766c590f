import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startBrowser, type Tab } from '../support/browser.js';
import { until } from '../support/running.js';
import { setTheStage } from './stage.js';

const browser = await startBrowser(t);
const stage = await setTheStage(t);

/** Where pictures of the pages are kept for a person to look at; without it none are made. */
const PICTURES = process.env['CLAIMS_GATEWAY_PICTURES'];

async function keepPicture({ page }: Tab, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

const sizes = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } } as const;
const languages = {
  en: { locale: 'en-GB', heading: 'Please start again', link: 'Start again', reference: 'Reference' },
  nl: { locale: 'nl-NL', heading: 'Begin opnieuw', link: 'Opnieuw beginnen', reference: 'Referentie' },
} as const;

/** A response that answers no request of ours: the person is offered to start again. */
async function showRefusal(tab: Tab): Promise<number> {
  const stale = await stage.idp.issueResponse('anna.de.vries@example.org', { inResponseTo: '_gone' });
  const status = tab.page.waitForResponse((response) => response.url() === stale.acsUrl);
  await tab.page.setContent(
    `<form method="post" action="${stale.acsUrl}"><input name="SAMLResponse" value="${stale.samlResponse}"></form>`,
  );
  await tab.page.evaluate('document.forms[0].submit()');
  const response = await status;
  await tab.page.locator('dd').waitFor();
  return response.status();
}

/** Contrast ratio of text and ground, as WCAG 2.2 §1.4.3 reckons it. */
const CONTRASTS = `(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const ground = getComputedStyle(at).backgroundColor;
      if (!ground.endsWith(', 0)')) return ground;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('header, h1, p, a, dt, dd, label, small, button')].map((element) => {
    const [light, dark] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  });
})()`;

async function assertFit(t: Test, { page }: Tab): Promise<void> {
  const contrasts = await page.evaluate<number[]>(CONTRASTS);
  t.ok(contrasts.length > 3 && Math.min(...contrasts) >= 4.5, `least contrast ${Math.min(...contrasts).toFixed(1)}`);
  const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  t.equal(overflow, 0, 'nothing is cut off at the side');
}

for (const [language, words] of Object.entries(languages)) {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      t.test(`the error page in ${language} on a ${size}, ${colorScheme}`, async (t) => {
        const tab = await browser.open({ locale: words.locale, viewport, colorScheme });
        t.equal(await showRefusal(tab), 403);
        await tab.page.getByRole('heading', { name: words.heading }).waitFor();
        t.equal(await tab.page.locator('html').getAttribute('lang'), language);
        t.match(
          await tab.page.locator('dl').innerText(),
          new RegExp(`^${words.reference}\\s+[0-9A-Z]{4}(-[0-9A-Z]{4})+$`),
        );
        const link = tab.page.getByRole('link', { name: words.link });
        t.equal(await link.getAttribute('href'), stage.zivver.url);
        await assertFit(t, tab);
        await keepPicture(tab, `error-${language}-${size}-${colorScheme}`);
        t.strictSame(tab.violations(), []);
        await link.click();
        await tab.page.getByRole('heading', { name: 'Log in' }).waitFor();
      });
    }
  }
}

t.test('the page that carries a login on is whole without JavaScript', async (t) => {
  for (const [size, viewport] of Object.entries(sizes)) {
    const tab = await browser.open({ javaScriptEnabled: false, viewport });
    await tab.page.goto(`${stage.idp.url}/apps/0`);
    await tab.page.getByRole('button', { name: 'Anna' }).click();
    await tab.page.getByRole('button', { name: 'Continue' }).click();
    await tab.page.getByRole('heading', { name: 'One moment, please' }).waitFor();
    await keepPicture(tab, `continue-${size}`);
    t.ok(await tab.page.getByRole('button', { name: 'Continue' }).isVisible());
    t.strictSame(tab.violations(), []);
  }
});

for (const colorScheme of ['light', 'dark'] as const) {
  t.test(`the pages of the sandbox fit a phone, ${colorScheme}`, async (t) => {
    const tab = await browser.open({ viewport: sizes.phone, colorScheme });
    await tab.page.goto(stage.zivver.url);
    await assertFit(t, tab);
    await tab.page.goto(`${stage.idp.url}/apps/0`);
    await assertFit(t, tab);
    await tab.page.getByRole('button', { name: 'Anna' }).click();
    await tab.page.getByRole('heading', { name: 'Logged in as' }).waitFor();
    await assertFit(t, tab);
    await keepPicture(tab, `sandbox-${colorScheme}`);
    const ground = await tab.page.evaluate<string>('getComputedStyle(document.querySelector("main")).backgroundColor');
    t.equal(ground === 'rgb(255, 255, 255)', colorScheme === 'light', 'as the person has set it');
  });
}

t.test('an unknown address has a page of ours, and no other site may frame it', async (t) => {
  const tab = await browser.open({ viewport: sizes.desktop });
  const response = await tab.page.goto(`${stage.gateway.publicUrl}/nothing`);
  t.equal(response?.status(), 404);
  await keepPicture(tab, 'unknown');
  await assertFit(t, tab);
  const framed = await browser.open();
  await framed.page.setContent(`<iframe src="${stage.gateway.publicUrl}/nothing"></iframe>`);
  const told = await until(framed.violations, ({ length }) => length > 0);
  t.match(told.join(), /frame-ancestors/, 'the browser refuses the frame');
});
