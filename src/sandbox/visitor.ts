/** A page that a visitor has come to. */
export interface VisitedPage {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  /** The requests that led here, each as `METHOD url → status`. */
  readonly trail: readonly string[];
}

const MAX_HOPS = 20;

/**
 * A person's browser without JavaScript, as far as a login needs one: cookies by host, redirects, and forms that are
 * posted with their hidden fields.
 */
export class Visitor {
  readonly #cookies = new Map<string, Map<string, string>>();

  open(url: string): Promise<VisitedPage> {
    return this.#follow(url, { method: 'GET' });
  }

  /** Presses the button of the page's only form. @throws Error where there is no form */
  submit(page: VisitedPage, fields: Readonly<Record<string, string>> = {}): Promise<VisitedPage> {
    const form = /<form[^>]*>/i.exec(page.html)?.[0];
    if (form === undefined) throw new Error(`${page.url} answered ${page.status} without a form`);
    const action = new URL(attributeOf(form, 'action') ?? page.url, page.url).href;
    const body = new URLSearchParams({ ...hiddenFields(page.html), ...fields });
    if ((attributeOf(form, 'method') ?? 'get').toLowerCase() !== 'post') {
      return this.open(`${action}?${body.toString()}`);
    }
    return this.#follow(action, { method: 'POST', body });
  }

  async #follow(start: string, first: { method: string; body?: URLSearchParams }): Promise<VisitedPage> {
    const trail: string[] = [];
    let url = start;
    let request = first;
    for (let hop = 0; hop < MAX_HOPS; hop += 1) {
      const response = await fetch(url, { ...request, headers: this.#headers(url), redirect: 'manual' });
      this.#keepCookies(url, response.headers.getSetCookie());
      trail.push(`${request.method} ${url.split('?')[0] ?? url} → ${response.status}`);
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status > 399) {
        return { url, status: response.status, html: await response.text(), trail };
      }
      await response.arrayBuffer();
      url = new URL(location, url).href;
      request = { method: 'GET' };
    }
    throw new Error(`${start} redirects without end`);
  }

  #headers(url: string): Record<string, string> {
    const jar = this.#cookies.get(new URL(url).host);
    const cookie = [...(jar ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    return cookie === '' ? {} : { cookie };
  }

  #keepCookies(url: string, lines: readonly string[]): void {
    const { host } = new URL(url);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    for (const line of lines) {
      const [name = '', ...value] = (line.split(';')[0] ?? '').split('=');
      if (value.join('=') === '' || /;\s*max-age=0/i.test(line)) jar.delete(name.trim());
      else jar.set(name.trim(), value.join('='));
    }
  }
}

function attributeOf(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`, 'i').exec(tag);
  const value = match?.[1] ?? match?.[2];
  return value === undefined ? undefined : unescapeHtml(value);
}

function hiddenFields(html: string): Record<string, string> {
  const inputs = html.match(/<input[^>]*>/gi) ?? [];
  return Object.fromEntries(
    inputs
      .filter((tag) => attributeOf(tag, 'type') === 'hidden')
      .map((tag) => [attributeOf(tag, 'name') ?? '', attributeOf(tag, 'value') ?? '']),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:(amp|lt|gt|quot)|#(\d+)|#[xX]([\da-fA-F]+));/g,
    (_entity, name?: string, decimal?: string, hex = '') =>
      name === undefined
        ? String.fromCodePoint(decimal === undefined ? parseInt(String(hex), 16) : parseInt(decimal, 10))
        : (ENTITIES[name] ?? ''),
  );
}
