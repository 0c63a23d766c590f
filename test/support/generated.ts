import { generatedFiles } from '../../src/config/index.js';
import { metricsReference } from '../../src/observe/index.js';
import { errorTable, type ErrorEntry } from '../../src/shared/index.js';
import { projectFile } from './project.js';

const ERROR_TABLE_START = '<!-- error table: start, written by npm run generate -->';
const ERROR_TABLE_END = '<!-- error table: end -->';

/** Every generated text: its path in the repository, and what the whole file must hold. */
export function generatedTexts(): ReadonlyMap<string, string> {
  return new Map([
    ...generatedFiles(),
    ['docs/metrics.md', metricsReference()],
    ['README.md', withErrorTable(projectFile('README.md'), errorTableRows(errorTable))],
  ]);
}

/** The page with the rows between the two markers. Throws where they are not there once each, in this order. */
export function withErrorTable(page: string, rows: readonly string[]): string {
  const [before, rest, ...more] = page.split(ERROR_TABLE_START);
  const [, after, ...others] = rest?.split(ERROR_TABLE_END) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(`the page needs ${ERROR_TABLE_START} and then ${ERROR_TABLE_END}, once each`);
  }
  const head = ['| code | status | what happened | what to do |', '| --- | --- | --- | --- |'];
  // Prettier would pad each cell to the longest one, and so change every row with it.
  const table = ['<!-- prettier-ignore-start -->', '', ...head, ...rows, '', '<!-- prettier-ignore-end -->'];
  return [before, ERROR_TABLE_START, '\n', table.join('\n'), '\n', ERROR_TABLE_END, after].join('');
}

/** One row for each code, in the order of the table. */
export function errorTableRows(table: Readonly<Record<string, ErrorEntry>>): string[] {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return Object.entries(table).map(
    ([code, { status, meaning, remedy }]) => `| \`${code}\` | ${status} | ${cell(meaning)} | ${cell(remedy)} |`,
  );
}
