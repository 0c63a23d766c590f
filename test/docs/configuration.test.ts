import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { generateJsonSchema } from '../../src/config/index.js';
import { fixture } from '../config/fixture.js';
import { codeSpansOf, fencesOf, markdownPages } from '../support/markdown.js';
import { projectFile } from '../support/project.js';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const schemas: readonly Schema[] = Object.values(generateJsonSchema()) as unknown as Schema[];
const topLevel = new Set(schemas.flatMap((schema) => Object.keys(schema.properties ?? {})));

function isKey(path: string): boolean {
  return schemas.some((schema) => {
    const steps = path.replaceAll('[]', '').split('.');
    const found = steps.reduce<Schema | undefined>((at, step) => (at?.items ?? at)?.properties?.[step], schema);
    return found !== undefined;
  });
}

/** Dotted keys of the configuration that a text mentions, a value behind the colon left out. */
function keysOf(text: string): string[] {
  return codeSpansOf(text)
    .flatMap((span) => /^([a-z]\w*(?:\.\w+(?:\[\])?)+)(?::.*)?$/.exec(span)?.[1] ?? [])
    .filter((path) => topLevel.has(path.split('.')[0] ?? ''));
}

t.test('every dotted key of the configuration that a page mentions exists', (t) => {
  const named = markdownPages().flatMap(({ path, text }) => keysOf(text).map((key) => ({ path, key })));
  t.ok(named.length > 20);
  for (const { path, key } of named) t.ok(isKey(key), `${path} names ${key}`);
  t.end();
});

t.test('a key that does not exist is found', (t) => {
  t.same(keysOf('`signing.keys[].id` and `listen.tls: x` but not `some.thing` or `signing`'), [
    'signing.keys[].id',
    'listen.tls',
  ]);
  t.ok(isKey('signing.keys[].id'));
  t.notOk(isKey('signing.keys[].no'));
  t.notOk(isKey('listen.no'));
  t.end();
});

t.test("the README's first configuration for Okta loads in place of the one in the repository", async (t) => {
  const one = await fixture(t.testdir());
  const [okta, ...others] = fencesOf(projectFile('README.md'), 'yaml');
  t.same(others, []);
  one.write('config/idps/okta.yaml', okta ?? '');
  one.set('gateway.yaml', ['signing', 'keys', 1], undefined);
  const [idp] = one.good().idps;
  t.match(idp, { name: 'okta', own: { acsUrl: 'https://sso.example.org/saml/okta/acs' }, unsolicited: 'allow' });
  t.same(parse(okta ?? ''), parse(projectFile('config/idps/okta.yaml')), 'and says the same');
});

for (const [index, block] of fencesOf(projectFile('docs/configuration.md'), 'yaml').entries()) {
  const part = parse(block) as Readonly<Record<string, unknown>>;
  t.test(
    `part ${index + 1} of the configuration page (${Object.keys(part).join(', ')}) fits an IdP's file`,
    async (t) => {
      const one = await fixture(t.testdir());
      for (const [key, value] of Object.entries(part)) one.set('idps/okta.yaml', [key], value);
      t.same(one.faults(), []);
    },
  );
}

t.test("the deployment's paths load in place of those of the repository", async (t) => {
  const one = await fixture(t.testdir());
  const [block = ''] = fencesOf(projectFile('deploy/README.md'), 'yaml');
  for (const [key, value] of Object.entries(parse(block) as Readonly<Record<string, unknown>>)) {
    one.set('gateway.yaml', [key], value);
  }
  const state = /^StateDirectory=(\S+)$/m.exec(projectFile('deploy/claims-gateway.service'))?.[1] ?? '';
  const config = one.good();
  t.match(config.store, { kind: 'embedded', path: `/var/lib/${state}` });
  t.equal(config.dataDirectory, `/var/lib/${state}`);
  t.equal(config.audit.directory, `/var/lib/${state}/audit`);
});

t.test("the keys and secrets of the repository's configuration are explained", async (t) => {
  const one = await fixture(t.testdir());
  const page = projectFile('certs/README.md');
  const files = ['gateway.yaml', 'idps/okta.yaml']
    .map((file) => readFileSync(join(one.config, file), 'utf8').replaceAll(/^\s*#.*$/gm, ''))
    .flatMap((text) => [...text.matchAll(/certs\/([\w.-]+)/g)].map((match) => match[1] ?? ''));
  t.ok(files.length > 5);
  for (const file of new Set(files)) t.ok(codeSpansOf(page).includes(file), file);
  t.match(projectFile('.gitignore'), /^certs\/\*\n!certs\/README\.md$/m, 'git keeps the page and nothing beside it');
});
