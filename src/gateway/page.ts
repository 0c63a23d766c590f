import { createHash } from 'node:crypto';
import { escapeHtml } from '../shared/index.js';
import type { Language } from './language.js';

const STYLE = `
:root{color-scheme:light dark;--ground:#f3f5f8;--card:#fff;--ink:#16202e;--soft:#526074;--line:#dbe1ea;--accent:#1d4ed8;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#0e141d;--card:#18212d;--ink:#e9eef5;--soft:#a3b0c2;--line:#2c3848;--accent:#8db4ff;--on-accent:#0b1220}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.5rem,5vw,2.5rem);box-shadow:0 12px 32px rgb(10 20 40/.08)}
h1{margin:0 0 .75rem;font-size:clamp(1.3rem,4.5vw,1.6rem);line-height:1.25;letter-spacing:-.01em}
p{margin:0 0 1rem}
.soft{color:var(--soft)}
blockquote{margin:0 0 1rem;padding:.6rem 1rem;border-left:3px solid var(--line);color:var(--soft)}
dl{margin:1.5rem 0 0;padding-top:1.25rem;border-top:1px solid var(--line);display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline}
dt{color:var(--soft)}
dd{margin:0;font:600 1.1rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.04em;user-select:all}
.button{display:inline-block;border:0;border-radius:9px;padding:.7rem 1.4rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.button:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
`;

/** The source expression (CSP3 §2.3.1) that allows exactly this inline text. */
export function inlineSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

const STYLE_SOURCE = inlineSource(STYLE);

/** What a page may do beside showing itself: nothing, unless said here. Each is a CSP source list. */
export interface PagePermissions {
  readonly script?: string;
  readonly formAction?: string;
}

/** The Content-Security-Policy of our own pages: their one style sheet, and what `permissions` adds. */
export function contentSecurityPolicy(permissions: PagePermissions = {}): string {
  const script = permissions.script === undefined ? '' : `; script-src ${permissions.script}`;
  return `default-src 'none'; style-src ${STYLE_SOURCE}${script}; form-action ${permissions.formAction ?? "'none'"}; base-uri 'none'; frame-ancestors 'none'`;
}

/** Everything before a page's body. */
export function pageHead(language: Language, title: string): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
`;
}

/** Everything after a page's body. */
export const PAGE_TAIL = `</main>
</body>
</html>
`;
