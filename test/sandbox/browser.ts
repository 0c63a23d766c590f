/** A browser as far as these flows need one: it keeps cookies, and submits the form that a page holds. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  async get(url: string): Promise<Page> {
    return this.#send(url, { method: 'GET' });
  }

  /** Submits the page's form with its hidden fields and, where given, further ones. */
  async submit(page: Page, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const { action, hidden } = page.form();
    return this.post(new URL(action, page.url).href, { ...hidden, ...fields });
  }

  async post(url: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.#send(url, { method: 'POST', body: new URLSearchParams(fields) });
  }

  async #send(url: string, init: RequestInit): Promise<Page> {
    const { host } = new URL(url);
    const cookie = this.#cookies.get(host);
    const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const set of answer.headers.getSetCookie()) this.#cookies.set(host, set.split(';', 1).join(''));
    const location = answer.headers.get('location');
    if (location !== null) {
      await answer.arrayBuffer();
      return this.get(new URL(location, url).href);
    }
    return new Page(url, answer.status, answer.headers, await answer.text());
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

export class Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;

  constructor(url: string, status: number, headers: Headers, text: string) {
    this.url = url;
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  form(): { readonly action: string; readonly hidden: Readonly<Record<string, string>> } {
    const action = /<form[^>]* action="([^"]*)"/.exec(this.text)?.[1];
    if (action === undefined) throw new Error(`no form at ${this.url}: ${this.text}`);
    const fields = [...this.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    return {
      action: unescape(action),
      hidden: Object.fromEntries(fields.map(([, name = '', value = '']) => [unescape(name), unescape(value)])),
    };
  }
}

function unescape(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}
