import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { idpContent, writeConfiguration } from '../../test/support/configuration.js';
import { mainFile, servePlace, type ServePlace } from '../../test/support/serve.js';
import { median } from '../measure.js';

export interface StartReport {
  /** From the start of the process until `/readyz` says 200; embedded store, second start in its directory. Milliseconds. */
  readonly ready: number;
  /** From the start to the end of `node -e 0`. Milliseconds. */
  readonly bare: number;
  readonly ratio: number;
}

/** Starts, in turns, the gateway and a Node.js that has nothing to do. */
export async function startReport(rounds: number): Promise<StartReport> {
  const undo: (() => unknown)[] = [];
  try {
    const place = await servePlace({ teardown: (action) => void undo.push(action) });
    const directory = writePlace(place);
    await untilReady(place, directory);
    const samples: { ready: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      samples.push({ bare: await untilEnd(), ready: await untilReady(place, directory) });
    }
    return {
      ready: median(samples.map(({ ready }) => ready)),
      bare: median(samples.map(({ bare }) => bare)),
      ratio: median(samples.map(({ ready, bare }) => ready / bare)),
    };
  } finally {
    for (const action of undo.toReversed()) await action();
  }
}

function writePlace({ root, publicUrl, operationsUrl }: ServePlace): string {
  const configuration = writeConfiguration(root);
  const address = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  configuration.gateway({
    publicUrl,
    listen: address(publicUrl),
    operations: address(operationsUrl),
    audit: { directory: 'audit' },
  });
  configuration.idp('okta', idpContent({ unsolicited: 'allow' }));
  return configuration.directory;
}

async function untilReady({ operationsUrl }: ServePlace, directory: string): Promise<number> {
  const from = performance.now();
  const gateway = spawn(process.execPath, [mainFile, 'serve', '--config', directory], { stdio: 'ignore' });
  const ended = once(gateway, 'exit');
  try {
    while (!(await isReady(`${operationsUrl}/readyz`))) {
      if (gateway.exitCode !== null) throw new Error('the gateway ended before it was ready');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return performance.now() - from;
  } finally {
    gateway.kill('SIGTERM');
    await ended;
  }
}

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on('error', () => {
      resolve(false);
    });
  });
}

async function untilEnd(): Promise<number> {
  const from = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - from;
}
