import type { LookupFunction } from 'node:net';
import t from 'tap';
import { classifyAddress } from '../../../src/app/metadata/address-guard.js';
import { createMetadataFetcher } from '../../../src/app/metadata/index.js';
import { createAuthority, httpServer, httpsServer } from './support.js';

const authority = createAuthority();
const { ca } = authority;

/** This machine has no public address: 127.0.0.2 plays one. */
const classify = (address: string) => (address === '127.0.0.2' ? 'public' : classifyAddress(address));

/** Answers each lookup with the next address, then with the last one again. */
function resolver(...addresses: string[]): LookupFunction & { calls: number } {
  const lookup = Object.assign(
    (_hostname: string, _options: object, callback: Parameters<LookupFunction>[2]) => {
      const address = addresses[Math.min(lookup.calls, addresses.length - 1)] ?? '';
      lookup.calls += 1;
      callback(null, [{ address, family: 4 }]);
    },
    { calls: 0 },
  );
  return lookup;
}

t.test('a document comes over https with its validators, and is not fetched again while it is the same', async (t) => {
  const server = await httpsServer(t, authority, (request, response) => {
    response.setHeader('etag', '"one"').setHeader('last-modified', 'Mon, 02 Nov 2026 10:00:00 GMT');
    if (request.headers['if-none-match'] === '"one"') response.writeHead(304).end();
    else response.end('<a/>');
  });
  const fetcher = createMetadataFetcher({ ca });
  const url = `https://localhost:${server.port}/metadata`;
  const first = await fetcher({ url, allowPrivateAddress: true });
  if (first.kind !== 'document') throw new Error('no document');
  t.equal(Buffer.from(first.bytes).toString(), '<a/>');
  t.strictSame(first.validators, { etag: '"one"', lastModified: 'Mon, 02 Nov 2026 10:00:00 GMT' });
  t.equal(server.seen[0]?.headers['accept-encoding'], 'identity');
  t.equal(server.seen[0]?.headers['if-none-match'], undefined);

  const second = await fetcher({ url, allowPrivateAddress: true, validators: first.validators });
  t.strictSame(second, { kind: 'not-modified' });
  t.equal(server.seen[1]?.headers['if-modified-since'], 'Mon, 02 Nov 2026 10:00:00 GMT');
});

t.test('304 to a question that was not asked is no answer', async (t) => {
  const server = await httpServer(t, (_request, response) => response.writeHead(304).end());
  const fetched = createMetadataFetcher()({ url: `http://127.0.0.1:${server.port}/`, allowPrivateAddress: true });
  await t.rejects(fetched, { code: 'METADATA_UNREACHABLE', message: /304/ });
});

t.test('validators that are no validators are not kept', async (t) => {
  const server = await httpServer(t, (_request, response) => {
    response.setHeader('etag', 'unquoted').setHeader('last-modified', 'yesterday').end('<a/>');
  });
  const fetched = await createMetadataFetcher()({ url: `http://127.0.0.1:${server.port}/`, allowPrivateAddress: true });
  t.match(fetched, { validators: { etag: null, lastModified: null } });
});

t.test('a server without a trusted certificate is not believed, whatever the environment says', async (t) => {
  const server = await httpsServer(t, authority, (_request, response) => response.end('<a/>'));
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  t.teardown(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const fetched = createMetadataFetcher()({ url: `https://localhost:${server.port}/`, allowPrivateAddress: true });
  await t.rejects(fetched, { code: 'METADATA_UNREACHABLE' });
  t.equal(server.seen.length, 0);
});

t.test('a private address is refused before anything is sent, by name and by number', async (t) => {
  const server = await httpsServer(t, authority, (_request, response) => response.end('<a/>'));
  const fetcher = createMetadataFetcher({ ca });
  for (const host of ['127.0.0.1', 'localhost']) {
    const fetched = fetcher({ url: `https://${host}:${server.port}/`, allowPrivateAddress: false });
    await t.rejects(fetched, { code: 'METADATA_ADDRESS_REFUSED' }, host);
  }
  await t.rejects(fetcher({ url: `http://127.0.0.1:${server.port}/`, allowPrivateAddress: false }), {
    code: 'METADATA_ADDRESS_REFUSED',
  });
  t.equal(server.seen.length, 0);
});

t.test('a name that turns to this machine between two fetches is refused the second time', async (t) => {
  const lookup = resolver('127.0.0.2', '127.0.0.1');
  const outside = await httpsServer(t, authority, (_request, response) => response.end('<a/>'), '127.0.0.2');
  const fetcher = createMetadataFetcher({ ca, lookup, classify });
  const url = `https://idp.example.org:${outside.port}/`;
  t.match(await fetcher({ url, allowPrivateAddress: false }), { kind: 'document' });
  t.equal(lookup.calls, 1, 'what was judged is what was connected to: there is no second lookup');
  await t.rejects(fetcher({ url, allowPrivateAddress: false }), {
    code: 'METADATA_ADDRESS_REFUSED',
    message: /127\.0\.0\.1/,
  });
  t.equal(outside.seen.length, 1);
});

t.test('a redirect to a private address is refused, and its target sees nothing', async (t) => {
  const inside = await httpsServer(t, authority, (_request, response) => response.end('<secret/>'));
  const targets = [
    `https://127.0.0.1:${inside.port}/`,
    `https://localhost:${inside.port}/`,
    `http://127.0.0.1:${inside.port}/`,
  ];
  for (const location of targets) {
    const outside = await httpsServer(
      t,
      authority,
      (_request, response) => response.writeHead(302, { location }).end(),
      '127.0.0.2',
    );
    const fetcher = createMetadataFetcher({ ca, classify });
    const fetched = fetcher({ url: `https://127.0.0.2:${outside.port}/`, allowPrivateAddress: false });
    await t.rejects(fetched, { code: 'METADATA_ADDRESS_REFUSED' }, location);
    t.equal(outside.seen.length, 1);
  }
  t.equal(inside.seen.length, 0);
});

t.test(
  'even where private addresses are allowed, a redirect leads neither to 0.0.0.0 nor from https to http',
  async (t) => {
    const plain = await httpServer(t, (_request, response) => response.end('<a/>'), '0.0.0.0');
    for (const location of [`https://0.0.0.0:${plain.port}/`, `http://127.0.0.1:${plain.port}/`]) {
      const server = await httpsServer(t, authority, (_request, response) =>
        response.writeHead(307, { location }).end(),
      );
      const fetched = createMetadataFetcher({ ca })({
        url: `https://localhost:${server.port}/`,
        allowPrivateAddress: true,
      });
      await t.rejects(fetched, { code: 'METADATA_ADDRESS_REFUSED' }, location);
    }
    t.equal(plain.seen.length, 0);
  },
);

t.test('three redirects are followed, four are not, an unreadable one is not', async (t) => {
  const server = await httpServer(t, (request, response) => {
    const left = Number(request.url?.slice(1));
    if (request.url === '/odd') response.writeHead(302, { location: 'http://[' }).end();
    else if (left > 0) response.writeHead(301, { location: `/${left - 1}` }).end();
    else response.end('<a/>');
  });
  const fetcher = createMetadataFetcher();
  const at = (path: string) => ({ url: `http://127.0.0.1:${server.port}/${path}`, allowPrivateAddress: true });
  t.match(await fetcher(at('3')), { kind: 'document' });
  await t.rejects(fetcher(at('4')), { code: 'METADATA_UNREACHABLE', message: /redirects/ });
  await t.rejects(fetcher(at('odd')), { code: 'METADATA_UNREACHABLE' });
});

t.test('a document over the limit is refused, announced or not, without reading it whole', async (t) => {
  let sent = 0;
  const announced = await httpServer(t, (_request, response) => {
    response.setHeader('content-length', 5000).write('<a>');
  });
  const endless = await httpServer(t, (_request, response) => {
    const chunk = Buffer.alloc(1000, 32);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', more);
    more();
  });
  const fetcher = createMetadataFetcher({ limits: { bytes: 4096 } });
  for (const { port } of [announced, endless]) {
    const fetched = fetcher({ url: `http://127.0.0.1:${port}/`, allowPrivateAddress: true });
    await t.rejects(fetched, { code: 'METADATA_TOO_LARGE' });
  }
  t.ok(sent < 50_000_000, `${sent} bytes were sent before the connection ended`);
});

t.test('exactly as many bytes as the limit are taken, one more is not', async (t) => {
  const server = await httpServer(t, (request, response) =>
    response.end(Buffer.alloc(Number(request.url?.slice(1)), 32)),
  );
  const fetcher = createMetadataFetcher({ limits: { bytes: 4096 } });
  const of = (size: number) => fetcher({ url: `http://127.0.0.1:${server.port}/${size}`, allowPrivateAddress: true });
  t.match(await of(4096), { kind: 'document' });
  await t.rejects(of(4097), { code: 'METADATA_TOO_LARGE' });
});

t.test('the time limit ends a server that is silent, one that drips, and a resolver that hangs', async (t) => {
  const silent = await httpServer(t, () => undefined);
  const dripping = await httpServer(t, (_request, response) => {
    const drip = setInterval(() => response.write(' '), 20);
    response.on('close', () => {
      clearInterval(drip);
    });
  });
  const limits = { time: 200 };
  const hanging: LookupFunction = () => undefined;
  for (const [host, port, options] of [
    ['127.0.0.1', silent.port, {}],
    ['127.0.0.1', dripping.port, {}],
    ['idp.example.org', 1, { lookup: hanging }],
  ] as const) {
    const fetched = createMetadataFetcher({ limits, ...options })({
      url: `http://${host}:${port}/`,
      allowPrivateAddress: true,
    });
    await t.rejects(fetched, { code: 'METADATA_UNREACHABLE', message: /200 ms/ });
  }
});

t.test('the whole of the redirects shares one time limit', async (t) => {
  const server = await httpServer(t, (request, response) => {
    const left = Number(request.url?.slice(1));
    setTimeout(() => response.writeHead(302, { location: `/${left - 1}` }).end(), 150);
  });
  const fetched = createMetadataFetcher({ limits: { time: 250 } })({
    url: `http://127.0.0.1:${server.port}/9`,
    allowPrivateAddress: true,
  });
  await t.rejects(fetched, { code: 'METADATA_UNREACHABLE', message: /250 ms/ });
});

t.test('the caller can end a fetch', async (t) => {
  const server = await httpServer(t, () => undefined);
  const abort = new AbortController();
  const fetched = createMetadataFetcher()({
    url: `http://127.0.0.1:${server.port}/`,
    allowPrivateAddress: true,
    signal: abort.signal,
  });
  setTimeout(() => {
    abort.abort();
  }, 20);
  await t.rejects(fetched, { code: 'METADATA_UNREACHABLE' });
});

t.test('a compressed answer, an error status, a cut connection and a closed port are unreachable', async (t) => {
  const server = await httpServer(t, (request, response) => {
    if (request.url === '/gzip') response.setHeader('content-encoding', 'gzip').end('x');
    else if (request.url === '/cut')
      response.writeHead(200, { 'content-length': 100 }).write('<a>', () => response.destroy());
    else response.writeHead(503).end();
  });
  const fetcher = createMetadataFetcher();
  const at = (path: string) => fetcher({ url: `http://127.0.0.1:${server.port}/${path}`, allowPrivateAddress: true });
  await t.rejects(at('gzip'), { code: 'METADATA_UNREACHABLE', message: /compresses/ });
  await t.rejects(at('cut'), { code: 'METADATA_UNREACHABLE' });
  await t.rejects(at('down'), { code: 'METADATA_UNREACHABLE', message: /503/ });
  await server.close();
  await t.rejects(at('gone'), { code: 'METADATA_UNREACHABLE', message: /ECONNREFUSED/ });
  await t.rejects(fetcher({ url: 'no url', allowPrivateAddress: true }), { code: 'METADATA_UNREACHABLE' });
});
