import t from 'tap';
import { execute } from './fuzzer.js';
import { Forgery, targets, type Target, type World } from './targets.js';
import { readVectors, worldOf } from './vectors.js';
import { fuzz } from './watch.js';

t.test('a short run finds no uncaught error, no forgery and nothing slow', async (t) => {
  const { executions, accepted, byTarget, crashes } = await fuzz(
    { seconds: 150, executions: 6000, seed: 20260301 },
    (line) => {
      t.comment(line);
    },
  );
  t.same(
    crashes.map(({ target, reason, detail }) => `${target}: ${reason}: ${detail}`),
    [],
  );
  t.equal(executions, 6000);
  t.ok(accepted > 100, `${accepted} mutants were accepted, and said what was signed`);
  t.equal(byTarget.size, targets.length, 'every entry point was reached');
});

t.test('every vector is refused, or says nothing new', async (t) => {
  for (const vector of await readVectors()) {
    const target = targets.find(({ name }) => name === vector.target);
    if (target === undefined) throw new Error(`${vector.file} names no entry point.`);
    const { crash } = await execute(target, Buffer.from(vector.input, 'base64'), worldOf(vector));
    t.equal(crash, null, vector.file);
  }
});

t.test('the fuzzer tells a crash, a forgery and a slow execution from a refusal', async (t) => {
  const world: World = { idpKeys: [], spKeys: [], said: new Set() };
  const verdict = async (run: Target['run']) =>
    (await execute({ name: 'x', run }, Buffer.alloc(0), world)).crash?.reason ?? null;
  t.equal(await verdict(() => Promise.reject(new TypeError('x'))), 'uncaught');
  t.equal(await verdict(() => Promise.reject(new Forgery('x'))), 'forgery');
  t.equal(
    await verdict(() => {
      const end = performance.now() + 1010;
      while (performance.now() < end);
      return Promise.resolve('late');
    }),
    'slow',
  );
  t.equal(await verdict(() => Promise.resolve('good')), null);
});
