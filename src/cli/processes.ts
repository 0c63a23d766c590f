import cluster, { type Worker } from 'node:cluster';
import type { ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** The environment variable that tells a process which one it is, counted from 1. */
const PLACE = 'CLAIMS_GATEWAY_PROCESS';

/** How soon a process that died is replaced: a fault that kills each one at once must not spin. Milliseconds. */
const REPLACE_AFTER = 1_000;

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
      if (running.size === 0) resolve(status);
    };
    const start = (place: number) => {
      const worker = cluster.fork({ [PLACE]: String(place) });
      let started = false;
      running.add(worker);
      worker.on('message', (message) => {
        started ||= message === STARTED;
      });
      worker.once('exit', (code: number | null, signal: string | null) => {
        running.delete(worker);
        if (stopping) {
          if (running.size === 0) resolve(status);
        } else if (!started && code !== null && code !== 0) {
          status = code === 2 ? 2 : 3;
          stop();
        } else {
          terminal.err(`process ${place} ended (${signal ?? code ?? 'unknown'}); another one takes its place`);
          setTimeout(() => {
            if (!stopping) start(place);
          }, REPLACE_AFTER);
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
