// Makes sure that the programs that the tests run for real are there; runs before anything is compiled.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PACKAGES = { 'redis-server': 'redis-server', xmlsec1: 'xmlsec1', openssl: 'openssl' };

const onPath = (program) => (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, program)));
const missing = Object.keys(PACKAGES).filter((program) => !onPath(program));

if (missing.length > 0) {
  const packages = missing.map((program) => PACKAGES[program]);
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [
      ['update', '-q'],
      // The tests start their own servers on free ports: Debian's service must not be started beside them.
      ['install', '-y', '-q', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', ...packages],
    ]) {
      spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...environment, RUNLEVEL: '1' } });
    }
  }
  const still = missing.filter((program) => !onPath(program));
  if (still.length > 0) {
    process.stderr.write(`The tests need ${still.join(', ')}: apt-get install ${packages.join(' ')}\n`);
    process.exit(1);
  }
}
