import { chromium, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Teardown } from './program.js';

/** A tab of a browser that keeps nothing from before. */
export interface Tab {
  readonly page: Page;
  /** What the page could not do by its Content-Security-Policy, and errors of its scripts. */
  readonly violations: () => readonly string[];
}

/** Opens tabs, each with cookies and settings of its own. */
export interface TestBrowser {
  open(settings?: BrowserContextOptions): Promise<Tab>;
}

const CHROMIUM = '/usr/bin/chromium';
const STEP_LIMIT_MS = 15_000;

/** Headless Chromium of Debian's package with an empty profile, closed at the test's teardown. */
export async function startBrowser(t: Teardown): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
    ],
  });
  t.teardown(() => browser.close());
  return {
    open: async (settings = {}) => {
      const context = await browser.newContext({ locale: 'en-GB', ...settings });
      context.setDefaultTimeout(STEP_LIMIT_MS);
      const page = await context.newPage();
      const violations: string[] = [];
      page.on('console', (message) => {
        if (/content.security.policy/i.test(message.text())) violations.push(message.text());
      });
      page.on('pageerror', (error) => violations.push(String(error)));
      return { page, violations: () => violations };
    },
  };
}
