import { createHook } from 'node:async_hooks';
import t from 'tap';
import { Crowd } from '../../src/gateway/crowd.js';
import type { StateStore } from '../../src/state/index.js';
import { idpResponse, postForm, startTestGateway } from '../support/gateway.js';
import { testIdp, ZIVVER_ACS, ZIVVER_ENTITY_ID } from '../support/saml-parties.js';

t.test('a login is alone where no other one was under way with it, however the others ended', async (t) => {
  const crowd = new Crowd();
  t.equal(await crowd.during(() => Promise.resolve(crowd.isOfOne())), true);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const waiting = crowd.during(async () => {
    await gate;
    return crowd.isOfOne();
  });
  await t.rejects(
    crowd.during(() => Promise.reject(new Error(`alone: ${String(crowd.isOfOne())}`))),
    { message: 'alone: false' },
  );
  t.equal(crowd.isOfOne(), false);
  open();
  t.equal(await waiting, false, 'the last of several');
  t.equal(await crowd.during(() => Promise.resolve(crowd.isOfOne())), true);
});

t.test(
  'only a login that is alone at the server signs on the main thread, whichever way the others came',
  async (t) => {
    let onPool = 0;
    const jobs = new Set<number>();
    const hook = createHook({
      init: (id, type) => {
        if (type === 'SIGNREQUEST') jobs.add(id);
      },
      // Only what another thread has done comes back by a callback. The IdP's key here is one that verifies on this thread.
      before: (id) => {
        if (jobs.has(id)) onPool++;
      },
    }).enable();
    t.teardown(() => hook.disable());
    const expected = { audience: ZIVVER_ENTITY_ID, recipients: [ZIVVER_ACS], destination: ZIVVER_ACS };
    const gateway = await startTestGateway(t, {
      route: { intercept: true, idp: testIdp({ unsolicited: true, expected }) },
    });
    const logIn = async (path: string, assertionId: string) => {
      const response = await idpResponse({ audience: ZIVVER_ENTITY_ID, destination: ZIVVER_ACS, assertionId });
      return { post: () => postForm(gateway.app, { SAMLResponse: response }, { path }) };
    };
    const [own, foreign] = ['/saml/okta/acs', new URL(ZIVVER_ACS).pathname];
    for (const path of [own, foreign]) {
      const { post } = await logIn(path, `_alone-${path.length}`);
      onPool = 0;
      t.equal((await post()).statusCode, 200);
      t.equal(onPool, 0, `alone at ${path}`);
    }
    for (const [at, path] of [own, foreign].entries()) {
      const logins = [await logIn(own, `_first-${at}`), await logIn(path, `_second-${at}`)];
      let here = 0;
      let open = (): void => undefined;
      const both = new Promise<void>((resolve) => (open = resolve));
      let answered: Promise<unknown> = both;
      // The first goes on when both are there, the second when the first was answered.
      const claimOnce = async (...claim: Parameters<typeof gateway.store.claimOnce>) => {
        const second = ++here === 2;
        if (second) open();
        await (second ? answered : both);
        return gateway.store.claimOnce(...claim);
      };
      const store = Object.create(gateway.store) as StateStore;
      gateway.change({ store: Object.assign(store, { claimOnce }) });
      onPool = 0;
      const posts = logins.map(async ({ post }) => (await post()).statusCode);
      answered = Promise.race(posts);
      void answered.then(open);
      t.strictSame(await Promise.all(posts), [200, 200]);
      t.equal(onPool, 4, `two signatures each: one at ${own}, one at ${path}`);
    }
  },
);
