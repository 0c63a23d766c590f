import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { idpContent, writeConfiguration } from '../support/configuration.js';
import { startProgram } from '../support/program.js';
import { mainFile } from '../support/serve.js';
import { claimsGateway } from '../support/command-line.js';

t.test('an answer that nobody reads to its end ends quietly', async (t) => {
  const root = t.testdir({ tmp: {} });
  const { directory, idp } = writeConfiguration(root);
  idp('okta', idpContent());
  const piped = async (line: string) => {
    const program = await startProgram(t, ['sh', '-c', line, 'sh', process.execPath, mainFile], {
      env: { TMPDIR: join(root, 'tmp') },
    });
    await program.exited;
    return program;
  };
  const inspected = await piped(
    `yes '<x>' | head -c 900 | { "$1" "$2" inspect --idp okta --config ${directory}; echo "status $?" >&2; } | true`,
  );
  t.equal(inspected.stderr(), 'status 1\n');
  const demo = await piped('{ "$1" "$2" demo; echo "status $?" >&2; } | head -1');
  t.equal(demo.stderr(), 'status 0\n');
  t.same(readdirSync(join(root, 'tmp')), [], 'and the demo leaves nothing behind');
});

t.test('demo --redis: what is no address, and what does not answer', async (t) => {
  t.match(await claimsGateway(['demo', '--once', '--redis', 'nonsense']), {
    status: 2,
    err: /^--redis: is not a store address; write /,
  });
  const away = await claimsGateway(['demo', '--once', '--redis', 'redis://127.0.0.1:1']);
  t.match(away, { status: 3, err: /Redis at 127\.0\.0\.1:1: connection refused; Redis: bring it back/ });
  t.notMatch(away.err, /SAMLRe|\n\s+at /);
});
