import cluster, { type Worker } from 'node:cluster';
import type { ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** The environment variable that tells a process which one it is, counted from 1. */
const PLACE = 'CLAIMS_GATEWAY_PROCESS';

/** How soon a process that died is replaced: a fault that kills each one at once must not spin. Milliseconds. */
const REPLACE_AFTER = 1_000;

/** A process that ends sooner than this has not started. Milliseconds. */
const STARTED_AFTER = 3_000;

/** Which of several processes this one is, counted from 1; `null` where there is only this one. */
export function placeAmongProcesses(env: Terminal['env']): number | null {
  const place = cluster.isWorker ? Number(env[PLACE]) : Number.NaN;
  return Number.isInteger(place) ? place : null;
}

/**
 * Starts `count` processes with this command line, which share the public port, and replaces one that dies. Ends when
 * all have ended: after SIGTERM or SIGINT with 0, or with the status of one that could not start.
 */
export function superviseProcesses(count: number, terminal: Terminal): Promise<ExitStatus> {
  return new Promise((resolve) => {
    let stopping = false;
    let status: ExitStatus = 0;
    const running = new Set<Worker>();
    const stop = () => {
      stopping = true;
      for (const worker of running) worker.process.kill('SIGTERM');
    };
    const start = (place: number) => {
      const worker = cluster.fork({ [PLACE]: String(place) });
      const startedAt = performance.now();
      running.add(worker);
      worker.once('exit', (code: number | null, signal: string | null) => {
        running.delete(worker);
        const unstarted = code !== null && code !== 0 && performance.now() - startedAt < STARTED_AFTER;
        if (!stopping && unstarted) {
          status = code === 2 ? 2 : 3;
          stop();
        } else if (!stopping) {
          terminal.err(`process ${place} ended (${signal ?? code ?? 'unknown'}); another one takes its place`);
          setTimeout(() => {
            if (!stopping) start(place);
          }, REPLACE_AFTER);
        }
        if (stopping && running.size === 0) resolve(status);
      });
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => {
      for (const worker of running) worker.process.kill('SIGHUP');
    });
    for (let place = 1; place <= count; place += 1) start(place);
  });
}
