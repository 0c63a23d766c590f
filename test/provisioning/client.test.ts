import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Secret } from '../../src/config/index.js';
import { ScimClient, type Fetch } from '../../src/provisioning/scim/client.js';
import { userNameFilter } from '../../src/provisioning/scim/user.js';

const scim = {
  baseUrl: 'https://scim.test/v2/',
  token: new Secret('to ken'),
  tokenEncoding: 'raw',
  mediaType: 'application/json',
  timeout: 2_000,
} as const;

function recording(answer: () => Response): { fetch: Fetch; requests: Request[] } {
  const requests: Request[] = [];
  return {
    requests,
    fetch: (input, init) => {
      requests.push(new Request(input, init));
      return Promise.resolve(answer());
    },
  };
}

async function serve(t: Test, answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer ?? (() => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/v2/` : '';
}

t.test('it sends the token as issued or in base64, its media type, and the login’s reference', async (t) => {
  const { fetch, requests } = recording(() => new Response('{}'));
  await new ScimClient({ scim, fetch, version: '1.2.3' }).createUser({ userName: 'a' }, 'ABCD-1(\r\n)x');
  await new ScimClient({
    scim: { ...scim, tokenEncoding: 'base64', mediaType: 'application/scim+json' },
    fetch,
    version: '1.2.3',
  }).findUser('a"b\\c&d@example.org', 'R');
  const [post, get] = requests;
  t.equal(post?.method, 'POST');
  t.equal(post?.url, 'https://scim.test/v2/Users');
  t.equal(post?.redirect, 'manual');
  t.equal(post?.headers.get('authorization'), 'Bearer to ken');
  t.equal(post?.headers.get('content-type'), 'application/json');
  t.equal(post?.headers.get('user-agent'), 'claims-gateway/1.2.3 (ABCD-1x)');
  t.equal(get?.method, 'GET');
  t.equal(get?.headers.get('authorization'), `Bearer ${Buffer.from('to ken').toString('base64')}`);
  t.equal(get?.headers.get('accept'), 'application/scim+json');
  t.equal(get?.headers.get('content-type'), null);
  t.equal(new URL(get?.url ?? '').searchParams.get('filter'), 'userName eq "a\\"b\\\\c&d@example.org"');
});

t.test('a quotation mark in an address cannot end the filter’s value', (t) => {
  t.equal(userNameFilter('x" or userName pr or userName eq "'), 'userName eq "x\\" or userName pr or userName eq \\""');
  t.end();
});

t.test('a server that says nothing is given up at the time limit', async (t) => {
  const baseUrl = await serve(t, () => undefined);
  const client = new ScimClient({ scim: { ...scim, baseUrl, timeout: 300 }, fetch: globalThis.fetch, version: '1' });
  const began = performance.now();
  t.match(await client.probe(), { kind: 'silence' });
  t.ok(performance.now() - began < 5_000);
});

t.test('a server that cannot be reached is silence with the reason', async (t) => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.close();
  await once(server, 'close');
  const baseUrl = `http://127.0.0.1:${port}/`;
  const client = new ScimClient({ scim: { ...scim, baseUrl }, fetch: globalThis.fetch, version: '1' });
  t.match(await client.findUser('a@example.org', 'R'), { kind: 'silence', detail: 'ECONNREFUSED' });
});

t.test('a body that breaks off, drips past the time limit or has no end is no body', async (t) => {
  const endings: Parameters<typeof createServer>[1][] = [
    (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"id"');
      setTimeout(() => response.destroy(), 20);
    },
    (_request, response) => {
      response.writeHead(200).write('{');
    },
    (_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    },
  ];
  for (const ending of endings) {
    const baseUrl = await serve(t, ending);
    const client = new ScimClient({ scim: { ...scim, baseUrl }, fetch: globalThis.fetch, version: '1' });
    t.match(await client.probe(), { kind: 'answer', status: 200, body: null });
  }
});

t.test('a redirect is not followed', async (t) => {
  let followed = 0;
  const elsewhere = await serve(t, (_request, response) => {
    followed += 1;
    response.end();
  });
  const baseUrl = await serve(t, (_request, response) => response.writeHead(302, { location: elsewhere }).end());
  const client = new ScimClient({ scim: { ...scim, baseUrl }, fetch: globalThis.fetch, version: '1' });
  t.match(await client.probe(), { kind: 'answer', status: 302 });
  t.equal(followed, 0);
});

t.test('the program has one place that calls out for provisioning, and it knows two requests', async (t) => {
  const room = join(import.meta.dirname, '../../src/provisioning');
  const files = (await readdir(room, { recursive: true })).filter((name) => name.endsWith('.js'));
  const callers: string[] = [];
  for (const name of files) {
    const text = await readFile(join(room, name), 'utf8');
    if (/\bfetch\(|node:https?|undici/.test(text)) callers.push(name);
    t.notMatch(text, /['"`](PUT|PATCH|DELETE)['"`]/, name);
  }
  t.strictSame(callers, [join('scim', 'client.js')]);
});
