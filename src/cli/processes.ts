import cluster, { type Worker } from 'node:cluster';
import type { ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** The environment variable that tells a process which one it is, counted from 1. */
const PLACE = 'CLAIMS_GATEWAY_PROCESS';

/**
 * How soon a process that died is replaced: a fault that kills each one at once must not spin. Twice as long after each
 * replacement that did not start. Milliseconds.
 */
const REPLACE_AFTER = 1_000;

/** But no longer, so that a place is filled soon after what was the matter is mended. Milliseconds. */
const REPLACE_AFTER_AT_MOST = 30_000;

/** What a process tells its parent once it takes logins. */
const STARTED = 'started';

/** Which of several processes this one is, counted from 1; `null` where there is only this one. */
export function placeAmongProcesses(env: Terminal['env']): number | null {
  const place = cluster.isWorker ? Number(env[PLACE]) : Number.NaN;
  return Number.isInteger(place) ? place : null;
}

/** To the parent, where there is one: from now on the end of this process is no failure to start. */
export function tellStarted(): void {
  process.send?.(STARTED);
}

/**
 * Starts `count` processes with this command line, which share the public port, and replaces one that dies. Ends when
 * all have ended: after SIGTERM or SIGINT with 0, or with the status of one that could not start while the others had
 * not all done so. Later, whatever keeps a replacement from starting is no reason to stop those that take logins.
 */
export function superviseProcesses(count: number, terminal: Terminal): Promise<ExitStatus> {
  return new Promise((resolve) => {
    let stopping = false;
    let status: ExitStatus = 0;
    const running = new Set<Worker>();
    /** The places whose process has taken logins. */
    const filled = new Set<number>();
    const stop = () => {
      stopping = true;
      for (const worker of running) worker.process.kill('SIGTERM');
      if (running.size === 0) resolve(status);
    };
    const start = (place: number, failures = 0) => {
      const worker = cluster.fork({ [PLACE]: String(place) });
      let started = false;
      running.add(worker);
      worker.on('message', (message) => {
        if (message !== STARTED) return;
        started = true;
        filled.add(place);
      });
      worker.once('exit', (code: number | null, signal: string | null) => {
        running.delete(worker);
        const failed = !started && code !== null && code !== 0;
        if (stopping) {
          if (running.size === 0) resolve(status);
        } else if (failed && filled.size < count) {
          status = code === 2 ? 2 : 3;
          stop();
        } else {
          const nth = failed ? failures + 1 : 0;
          const pause = Math.min(REPLACE_AFTER * 2 ** nth, REPLACE_AFTER_AT_MOST);
          terminal.err(
            failed
              ? `process ${place} could not start (${code}); it is tried again in ${pause / 1_000} s`
              : `process ${place} ended (${signal ?? code ?? 'unknown'}); another one takes its place`,
          );
          setTimeout(() => {
            if (!stopping) start(place, nth);
          }, pause);
        }
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
