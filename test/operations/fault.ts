import type { Test } from 'tap';
import { projectFile } from '../support/project.js';
import { metricValue, until, type Running } from '../support/running.js';

/** How a fault is brought about on a running gateway, and taken away. */
export interface Scenario {
  /** A gateway whose checks all pass. */
  start(t: Test): Promise<Faulty>;
}

export interface Faulty {
  readonly running: Running;
  readonly cause: () => unknown;
  readonly mend: () => unknown;
  /** A series of the row's metric, without the prefix, and what it shows while the fault lasts. */
  readonly series: string;
  readonly shows: (value: number | null) => boolean;
}

interface FaultRow {
  readonly fault: string;
  readonly check: string;
  readonly state: string;
  /** Status of `/readyz`. */
  readonly readyz: number;
  readonly metric: string;
}

/** The table in docs/operations.md. */
export function faultTable(): readonly FaultRow[] {
  const page = projectFile('docs/operations.md');
  const section = page.slice(page.indexOf('## Faults'));
  const rows = section
    .slice(0, section.indexOf('\n## ', 1))
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.replaceAll('`', '').trim()));
  return rows.slice(2).map(([, fault = '', check = '', state = '', readyz = '', metric = '']) => {
    return { fault, check, state, readyz: Number(readyz), metric };
  });
}

/** Brings the fault about, reads it from `/healthz`, `/readyz` and `/metrics`, takes it away, and sees it clear by itself. */
export async function provesRow(t: Test, row: FaultRow, scenario: Scenario): Promise<void> {
  const { running, cause, mend, series, shows } = await scenario.start(t);
  const check = row.check.replace('NAME', 'okta');
  const read = async () => (await running.health()).checks[check];
  await until(read, (found) => found?.state === 'pass');
  t.equal(
    (
      await until(
        () => running.ready(),
        ({ status }) => status === 200,
      )
    ).status,
    200,
  );

  await cause();
  const found = await until(read, (each) => each?.state === row.state);
  t.ok(found !== undefined && found.detail.length > 20, 'what is the matter');
  t.ok(found !== undefined && found.remedy.split(' ').length > 3, 'what to do, in words');
  const ready = await running.ready();
  t.equal(ready.status, row.readyz);
  t.equal(ready.failing.includes(check), row.readyz === 503);
  t.ok(series.startsWith(row.metric.replace('claims_gateway_', '')), 'the metric of the table');
  const text = await until(
    () => running.metrics(),
    (metrics) => shows(metricValue(metrics, series)),
  );
  t.equal(metricValue(text, `health_check_state{check="${check}"}`), row.state === 'fail' ? 2 : 1);
  t.equal(metricValue(text, 'ready'), row.readyz === 200 ? 1 : 0);

  await mend();
  t.equal((await until(read, (each) => each?.state === 'pass', 60_000))?.state, 'pass', 'it cleared by itself');
  const after = await until(
    () => running.metrics(),
    (metrics) => metricValue(metrics, 'ready') === 1,
  );
  t.equal(metricValue(after, `health_check_state{check="${check}"}`), 0);
  t.equal(
    (
      await until(
        () => running.ready(),
        ({ status }) => status === 200,
      )
    ).status,
    200,
  );
}
