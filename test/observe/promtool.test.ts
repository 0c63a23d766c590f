import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { Metrics } from '../../src/observe/index.js';
import { systemClock } from '../../src/shared/index.js';
import { projectRoot } from '../support/project.js';

const run = promisify(execFile);

// Debian's package prometheus, which .ci/run installs.
const there = spawnSync('promtool', ['--version']).status === 0;
const skip = there ? false : 'promtool is not installed';

t.test('Prometheus takes the alert rules', { skip }, async (t) => {
  const { stdout } = await run('promtool', ['check', 'rules', `${projectRoot}deploy/observability/alerts.yaml`]);
  t.match(stdout, /SUCCESS: \d+ rules found/);
});

t.test('Prometheus takes what /metrics answers', { skip }, async (t) => {
  const metrics = new Metrics({ clock: systemClock, version: 'test', processMetrics: false });
  metrics.setIdentityProviders(['okta']);
  metrics.login('okta', 'OK', 12);
  metrics.stage('verify', 1);
  const text = await metrics.render();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  t.equal(checked.status, 0, checked.stdout + checked.stderr);
});
