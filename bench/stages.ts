import { receiveResponse, transform, type Stage } from '../src/saml/index.js';
import { testContext, testIdp, testIssuing, testRequest, testServices, testSp } from '../test/support/saml-parties.js';
import { now, type Login } from './logins.js';
import { median } from './measure.js';

export interface StageTime {
  readonly stage: Stage;
  /** Median of the elapsed milliseconds, waiting for the thread pool included. */
  readonly elapsed: number;
}

/** How long each stage of a login takes, by the marks that the gateway uses too. */
export async function stagesOf({ bytes, kind }: Login, logins: number): Promise<StageTime[]> {
  const times = new Map<Stage, number[]>();
  const [idp, sp, issuing] = [testIdp(), testSp(), testIssuing({ sign: kind.sign })];
  const requests = [testRequest({ createdAt: now, expiresAt: now + 3_600_000 })];
  for (let count = 0; count < logins; count++) {
    const marks: [Stage, number][] = [];
    const onStage = (stage: Stage) => void marks.push([stage, performance.now()]);
    const login = await receiveResponse(bytes, idp, sp, testContext(requests, { now, onStage }));
    await transform(login, { idp, sp, issuing }, testServices({ now, onStage, alone: () => true }));
    const end = performance.now();
    for (const [index, [stage, from]] of marks.entries()) {
      const elapsed = (marks[index + 1]?.[1] ?? end) - from;
      times.set(stage, [...(times.get(stage) ?? []).slice(-999), elapsed]);
    }
  }
  return [...times].map(([stage, elapsed]) => ({ stage, elapsed: median(elapsed) }));
}
