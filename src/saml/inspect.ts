import { GatewayError, type ErrorCode } from '../shared/index.js';
import { canonicalize, parseXml } from '../xml/index.js';
import { maskAttributes, maskedTree } from './attributes.js';
import { FullReport, type CheckResult } from './checks.js';
import { prefixesNamedInContent } from './inclusive-prefixes.js';
import type { OutgoingResponse, Parties, ReceiveContext, TransformServices, VerifiedLogin } from './login.js';
import { receive, receiveCheckNames } from './receive.js';
import { transformCheckNames, transformUnder } from './transform.js';
import type { AttributeFacts } from './types.js';

/** What `inspect` found: the very steps of a login, short of state and delivery. */
export interface Inspection {
  readonly verdict: 'deliver' | 'refuse';
  /** The code with which the login would be refused. */
  readonly code: ErrorCode | null;
  /** The operator's sentence on it. */
  readonly detail: string | null;
  /** Every check there is, in the order in which a login makes them. */
  readonly checks: readonly CheckResult[];
  readonly login: VerifiedLogin | null;
  readonly outgoing: OutgoingResponse | null;
  /** The document that would be delivered, with secret values masked (so its signatures do not verify). */
  readonly output: string | null;
  /** With secret values masked; `in` is empty where the assertion was not verified. */
  readonly attributes: { readonly in: readonly AttributeFacts[]; readonly out: readonly AttributeFacts[] };
}

/** The names of all checks, in order. */
export const checkNames: readonly string[] = [...receiveCheckNames, ...transformCheckNames];

/**
 * Runs a response through the steps of a login and reports on every check. Content is judged only once a signature
 * covers it: where none does, those checks are `skipped`.
 *
 * @param secretNames attributes whose values are masked, beside the DomainKey
 */
export async function inspectResponse(
  bytes: Uint8Array,
  parties: Parties,
  context: ReceiveContext,
  services: TransformServices,
  secretNames: readonly string[] = [],
): Promise<Inspection> {
  const report = new FullReport();
  let login: VerifiedLogin | null = null;
  let outgoing: OutgoingResponse | null = null;
  let fault: GatewayError | null = null;
  try {
    login = await receive(bytes, parties.idp, parties.sp, context, report);
    outgoing = await transformUnder(login, parties, services, report);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    fault = report.first ?? error;
  }
  const { domainKey } = parties.idp;
  const secret = domainKey === null ? secretNames : [domainKey.attribute, ...secretNames];
  return {
    verdict: fault === null ? 'deliver' : 'refuse',
    code: fault?.code ?? null,
    detail: fault?.withQuote ?? null,
    checks: report.results(checkNames),
    login,
    outgoing,
    output: outgoing === null ? null : maskedDocument(outgoing.xml(), secret),
    attributes: {
      in: maskAttributes(login?.attributes ?? [], secret),
      out: maskAttributes(outgoing?.attributesOut ?? [], secret),
    },
  };
}

function maskedDocument(xml: string, secretNames: readonly string[]): string {
  // Our own document, no more than a little larger than what came in, whose limits held.
  const limits = { maxDepth: 1000, maxElements: Infinity, maxAttributes: Infinity, maxNamespaceName: Infinity };
  const masked = maskedTree(parseXml(Buffer.from(xml, 'utf8'), limits), secretNames);
  return canonicalize(masked, prefixesNamedInContent([masked], null));
}
