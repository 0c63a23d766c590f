import { spawnSync } from 'node:child_process';
import t from 'tap';
import { projectRoot } from '../support/project.js';

t.test('the tools beside the program say how they are called', (t) => {
  for (const [tool, script, wrong] of [
    ['bench', 'dist/bench/main.js', '--help'],
    ['fuzz', 'dist/test/fuzz/main.js', '--help'],
    ['fuzz', 'dist/test/fuzz/main.js', '--seconds=soon'],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, wrong], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    t.equal(status, 2, `${tool} ${wrong}`);
    t.equal(stdout, '');
    t.match(stderr, `Usage: npm run ${tool} -- [options]`);
    t.notMatch(stderr, /\n\s+at /);
  }
  t.end();
});
