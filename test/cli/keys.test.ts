import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { claimsGateway } from '../support/command-line.js';
import { idpContent, writeConfiguration } from '../support/configuration.js';

function configured(t: Test) {
  const root = t.testdir();
  const { directory, idp, write } = writeConfiguration(root);
  idp('okta', idpContent());
  const keys = (...args: string[]) => claimsGateway(['keys', ...args, '--config', directory]);
  return { root, directory, write, keys, yaml: () => readFileSync(join(directory, 'gateway.yaml'), 'utf8') };
}

t.test('a promotion is not forced without a reason, and nothing is written', async (t) => {
  const { keys, yaml } = configured(t);
  await keys('generate', 'next', '--add');
  const before = yaml();
  for (const reason of ['', '  ']) {
    const refused = await keys('promote', 'next', '--force', reason);
    t.match(refused, { status: 2, err: /^--force needs a reason, such as --force "loaded in Zivver by hand"$/m });
  }
  t.equal(yaml(), before);
});

t.test('what no key can be made with is a usage fault, with a remedy of its own', async (t) => {
  const { keys } = configured(t);
  for (const args of [
    ['generate', 'a b'],
    ['generate', 'x', '--bits', '17'],
    ['generate', 'x', '--days', '40000'],
    ['generate', 'x', '--type', 'ec', '--bits', '17'],
  ]) {
    const { status, err } = await keys(...args);
    t.equal(status, 2, args.join(' '));
    t.match(err, /^KEY_REQUEST_INVALID: .+\. Give a value/m);
  }
  t.match(await keys('promote', 'nothing'), { status: 2, err: /KEY_UNKNOWN/ });
  t.match(await keys('generate', 'x', '--bits', '0'), { status: 2, err: /give a whole number, 1 or more/ });
});

t.test('a key whose entry cannot be written leaves no files behind', async (t) => {
  const { root, directory, keys, yaml } = configured(t);
  const before = yaml();
  mkdirSync(join(directory, `gateway.yaml.${process.pid}.new`));
  t.match(await keys('generate', '2030', '--add'), { status: 3, err: /^FILE_UNWRITABLE: .*gateway\.yaml.*\. Run/m });
  t.equal(yaml(), before);
  t.notOk(existsSync(join(root, 'certs/2030.key')));
  t.notOk(existsSync(join(root, 'certs/2030.crt')));
  writeFileSync(join(root, 'file'), '');
  const nowhere = await keys('generate', '2031', '--directory', join(root, 'file', 'x'));
  t.match(nowhere, { status: 3, err: /^FILE_UNWRITABLE: cannot write .*file\/x: / });
  t.notMatch(nowhere.err, /\n\s+at /, 'no stack trace');
  const absent = await claimsGateway(['keys', 'generate', '2032', '--add', '--config', join(root, 'none')]);
  t.match(absent, { status: 2, err: /^CONFIG_INVALID: cannot read .*none\/gateway\.yaml/ });
  t.same(
    readdirSync(join(root, 'certs')).filter((name) => name.startsWith('203')),
    [],
  );
});

t.test('an import ends with what is missing', async (t) => {
  const { root, write, keys } = configured(t);
  t.match(await keys('import', 'x', '/dev/zero'), { status: 2, err: /\/dev\/zero: it is larger than 1048576 bytes/ });
  t.match(await keys('import', 'x', root), { status: 2, err: /Cannot read/ });
  const keyOnly = await keys('import', 'x', join(root, 'certs/test.key'));
  t.match(keyOnly, { status: 1, err: /KEY_IMPORT_FAILED: .*no certificate; it must hold both\. / });
  write('bundle.p12', 'none');
  const bundle = await keys('import', 'x', join(root, 'bundle.p12'));
  t.match(bundle, { status: 1, err: /KEY_IMPORT_FAILED: .*none was given\. .*--passphrase-file/ });
});
