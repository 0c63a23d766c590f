import t from 'tap';
import { chooseLanguage } from '../../src/gateway/language.js';

const cases: readonly (readonly [header: string | undefined, language: string])[] = [
  [undefined, 'en'],
  ['', 'en'],
  ['nl', 'nl'],
  ['nl-NL,nl;q=0.9,en-US;q=0.8,en;q=0.7', 'nl'],
  ['en-GB,en;q=0.9,nl;q=0.8', 'en'],
  ['de-DE,de;q=0.9', 'en'],
  ['de, nl;q=0.2', 'nl'],
  ['nl;q=0, en;q=0.1', 'en'],
  ['NL-be', 'nl'],
  ['nl;q=5', 'nl'],
  ['*', 'en'],
  [',;,q=1;;', 'en'],
];
for (const [header, language] of cases) {
  void t.test(`Accept-Language ${header ?? '(none)'} gives ${language}`, (t) => {
    t.equal(chooseLanguage(header), language);
    t.end();
  });
}
