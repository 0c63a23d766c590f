import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import t from 'tap';
import { errorTable } from '../../src/shared/index.js';
import { anchorsOf, codeSpansOf, linksOf, markdownPages } from '../support/markdown.js';
import { projectFile, projectRoot } from '../support/project.js';

const pages = markdownPages();
const isThere = (path: string): boolean => existsSync(`${projectRoot}${path}`);

/** The links of a page that lead to no file of the checkout, or to no heading of the page there. */
function brokenLinks(path: string, text: string): string[] {
  return linksOf(text).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : normalize(join(path, '..', file));
    if (!isThere(target)) return true;
    const known = file === '' ? text : target.endsWith('.md') ? projectFile(target) : '';
    return anchor !== undefined && !anchorsOf(known).includes(anchor);
  });
}

t.test('the pages of the documentation are found', (t) => {
  const paths = pages.map(({ path }) => path);
  for (const path of ['README.md', 'docs/architecture.md', 'deploy/README.md', 'certs/README.md']) {
    t.ok(paths.includes(path), path);
  }
  t.end();
});

t.test('every link within the checkout leads to a file, and its anchor to a heading', (t) => {
  for (const { path, text } of pages) t.same(brokenLinks(path, text), [], path);
  t.end();
});

t.test('a link to nowhere is found', (t) => {
  const page =
    '# One title: here\n[a](README.md) [b](no-such.md) [c](#one-title-here) [d](#there) [e](https://x.example)';
  t.same(brokenLinks('CHANGELOG.md', page), ['no-such.md', '#there']);
  t.same(brokenLinks('docs/x.md', '[a](../README.md#no-such-heading) [b](README.md)'), [
    '../README.md#no-such-heading',
    'README.md',
  ]);
  t.same(brokenLinks('x.md', '`[a](no-such.md)`\n```\n[b](no-such.md)\n```\n'), [], 'code has no links');
  t.end();
});

t.test('every file of the checkout that a page names is there', (t) => {
  for (const { path, text } of pages) {
    const named = codeSpansOf(text).filter((span) => /^(src|test|docs|deploy|config|bench)\/[\w./-]+$/.test(span));
    for (const name of named) t.ok(isThere(name), `${path} names ${name}`);
  }
  t.end();
});

t.test('every code of the error table that a page names is in the table', (t) => {
  const named = pages.flatMap(({ path, text }) =>
    codeSpansOf(text)
      .filter((span) => /^[A-Z]+(_[A-Z0-9]+)+$/.test(span))
      .map((code) => ({ path, code })),
  );
  t.ok(named.length > 0);
  for (const { path, code } of named) t.ok(code in errorTable, `${path} names ${code}`);
  t.end();
});
