import {
  inspectResponse,
  receiveResponse,
  type AuthnRequestRecord,
  type IdentityProvider,
  type VerifiedLogin,
} from '../../src/saml/index.js';
import type { ErrorCode } from '../../src/shared/index.js';
import {
  idpKeys,
  NOW,
  testContext,
  testIdp,
  testIssuing,
  testResponse,
  testServices,
  testSp,
} from '../support/saml-parties.js';
import { signedResponse, type Sealing } from '../support/saml-response.js';

export type Edit = (xml: string) => string;

export interface Attempt {
  /** Changes the content before it is signed. */
  readonly edit?: Edit;
  /** Changes the finished document. */
  readonly tamper?: Edit;
  readonly unsolicited?: boolean;
  readonly signed?: Sealing['signed'];
  readonly idp?: Partial<IdentityProvider>;
  readonly requests?: readonly AuthnRequestRecord[];
  readonly now?: number;
}

export async function documentOf({ edit, tamper, unsolicited = false, signed }: Attempt): Promise<Buffer> {
  const description = testResponse(unsolicited ? { inResponseTo: null } : {});
  const xml = await signedResponse(description, {
    key: idpKeys().signingKey(),
    ...(signed === undefined ? {} : { signed }),
    ...(edit === undefined ? {} : { edit: checked(edit) }),
  });
  return Buffer.from(tamper === undefined ? xml : checked(tamper)(xml));
}

/** An edit that changes nothing would test nothing. */
function checked(edit: Edit): Edit {
  return (xml) => {
    const edited = edit(xml);
    if (edited === xml) throw new Error('The edit found nothing to change.');
    return edited;
  };
}

export async function receive(attempt: Attempt): Promise<VerifiedLogin> {
  const context = testContext(attempt.requests, { now: attempt.now ?? NOW });
  return receiveResponse(await documentOf(attempt), testIdp(attempt.idp), testSp(), context);
}

export async function failedChecks(attempt: Attempt): Promise<string[]> {
  const context = testContext(attempt.requests, { now: attempt.now ?? NOW });
  const parties = { idp: testIdp(attempt.idp), sp: testSp(), issuing: testIssuing() };
  const { checks } = await inspectResponse(await documentOf(attempt), parties, context, testServices());
  return checks.filter(({ result }) => result === 'fail').map(({ name }) => name);
}

export const replace =
  (from: string | RegExp, to: string): Edit =>
  (xml) =>
    xml.replace(from, to);
export const inAssertion =
  (from: string | RegExp, to: string): Edit =>
  (xml) => {
    const start = xml.indexOf('<saml2:Assertion ');
    return xml.slice(0, start) + xml.slice(start).replace(from, to);
  };

export const SKEW = 180_000;
export const at = (ms: number) => new Date(NOW + ms).toISOString();
/** When the confirmation ends. */
export const MINUTES_5 = at(300_000);

/** One broken rule: the check's name, its code, and what was done. */
export type Refusal = readonly [check: string, code: ErrorCode, what: string, attempt: Attempt];
