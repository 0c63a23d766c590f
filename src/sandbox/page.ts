import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { escapeHtml } from '../shared/index.js';

const STYLE = `
:root{color-scheme:light dark;--ground:#eef1f6;--card:#fff;--ink:#1c2330;--soft:#5b6578;--line:#ccd3df;--field:#f7f9fc;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
@media (prefers-color-scheme:dark){:root{--ground:#0e141d;--card:#18212d;--ink:#e9eef5;--soft:#a3b0c2;--line:#3a4759;--field:#212c3a}}
body{margin:0;min-height:100vh;display:grid;place-items:center;overflow-wrap:anywhere}
main{background:var(--card);border-radius:12px;box-shadow:0 8px 30px #1c233022;padding:2rem 2.25rem;width:min(28rem,calc(100vw - 6rem))}
header{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);border-bottom:3px solid var(--accent);padding-bottom:.5rem}
h1{font-size:1.35rem;margin:1.1rem 0 .5rem}
label{display:block;margin:.8rem 0 .3rem}
input[type=email]{box-sizing:border-box;width:100%;font:inherit;padding:.55rem .7rem;border:1px solid var(--line);border-radius:8px;background:var(--field);color:inherit}
button,a.tile{font:inherit;display:block;box-sizing:border-box;width:100%;margin:.6rem 0;padding:.6rem .8rem;text-align:left;border:1px solid var(--line);border-radius:8px;background:var(--field);color:inherit;text-decoration:none;cursor:pointer}
button:hover,a.tile:hover,button:focus-visible,a.tile:focus-visible{border-color:var(--accent);outline:2px solid var(--accent)}
small{display:block;color:var(--soft)}`;

const SUBMIT_SCRIPT = 'document.forms[0].submit()';
const SUBMIT_HASH = createHash('sha256').update(SUBMIT_SCRIPT).digest('base64');

// No form-action: a self-posting form must reach the other party, whose address is configuration.
const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${SUBMIT_HASH}'; base-uri 'none'; frame-ancestors 'none'`;

/** Which of the two parties a page belongs to; shown at its top. */
export interface PageOwner {
  readonly name: string;
  readonly accent: string;
}

/** A whole HTML page. `content` is markup: whoever builds it escapes what came from outside. */
export function page(owner: PageOwner, title: string, content: string): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>` +
    `<body style="--accent:${escapeHtml(owner.accent)}"><main><header>${escapeHtml(owner.name)}</header>` +
    `<h1>${escapeHtml(title)}</h1>${content}</main></body></html>`
  );
}

/** A form that posts itself (saml-bindings §3.5.4), with a button for browsers without JavaScript. */
export function selfPostingPage(owner: PageOwner, action: string, fields: Readonly<Record<string, string>>): string {
  const inputs = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
  return page(
    owner,
    'One moment',
    `<form method="post" action="${escapeHtml(action)}">${inputs}<noscript><p>JavaScript is off: press the button to go on.</p><button type="submit">Continue</button></noscript></form><script>${SUBMIT_SCRIPT}</script>`,
  );
}

export function sendPage(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply
    .code(status)
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .type('text/html; charset=utf-8')
    .send(html);
}
