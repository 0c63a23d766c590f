import {
  assertSignaturePlacement,
  beginVerification,
  childElements,
  childrenNamed,
  isNamed,
  verifiedChildrenNamed,
  type SignaturePolicy,
  type VerifiedElement,
  type Verification,
  type XmlElement,
  type XmlLimits,
} from '../xml/index.js';
import { contradiction, type Check, type Checker } from './checks.js';
import { assertDistinctIds, decryptAssertion } from './decryption.js';
import type { LoginWarning, Stage } from './login.js';
import { ASSERTION, XMLDSIG } from './names.js';
import { isAssertion } from './response-structure.js';
import type { IdentityProvider } from './types.js';

/** The assertion of a response, every signature that is present having verified, and at least one covering it. */
export interface CoveredAssertion {
  readonly assertion: VerifiedElement;
  /** The Response as it was hashed; `null` where it is not signed. */
  readonly response: VerifiedElement | null;
  readonly keyFingerprint: string;
  readonly warnings: readonly LoginWarning[];
  /** InclusiveNamespaces PrefixLists of the signatures. */
  readonly signedPrefixes: readonly string[];
  readonly encrypted: boolean;
}

interface Coverage {
  readonly responseSigned: boolean;
  readonly assertionSigned: boolean;
}

const coverageChecks: readonly Check<Coverage>[] = [
  {
    name: 'signature-present',
    code: 'SIGNATURE_MISSING',
    holds: ({ responseSigned, assertionSigned }) => responseSigned || assertionSigned,
    evidence: ({ responseSigned, assertionSigned }) => ({
      expected: 'a signature on the Response, the Assertion, or both',
      seen: [responseSigned ? 'Response' : '', assertionSigned ? 'Assertion' : ''].filter(Boolean).join(', ') || 'none',
    }),
  },
];

/** The names of the checks made here, in order. */
export const coveredAssertionChecks = [
  'signature-placement',
  'response-signature',
  'decryption',
  'decrypted-assertion',
  'signature-present',
  'assertion-signature',
  'decrypted-ids',
] as const;

export interface CoverageContext {
  readonly idp: IdentityProvider;
  readonly now: number;
  readonly limits: XmlLimits;
  onStage?(stage: Stage): void;
}

function isSigned(element: XmlElement): boolean {
  return childrenNamed(element, XMLDSIG, 'Signature').length > 0;
}

/** Begun ahead of its turn: what it throws is kept until it is awaited, if it ever is. */
function begun(verify: () => Promise<Verification>): Promise<Verification> {
  const verification = Promise.resolve().then(verify);
  verification.catch(() => undefined);
  return verification;
}

function describeSignature({ key, algorithm }: Verification) {
  return { expected: 'a configured signing key', seen: `${algorithm} by certificate ${key.fingerprint}` };
}

function warningsOf(verifications: readonly Verification[]): LoginWarning[] {
  const warnings: LoginWarning[] = [];
  if (verifications.some(({ sha1 }) => sha1)) warnings.push('sha1-signature');
  if (verifications.some(({ shortKey }) => shortKey)) warnings.push('rsa-key-under-2048-bits');
  if (verifications.some(({ certificateExpired }) => certificateExpired)) warnings.push('certificate-outside-validity');
  return warnings;
}

/** The plain assertion out of a Response that has exactly one, verified; or decrypted and verified. */
export async function coveredAssertion(
  root: XmlElement,
  context: CoverageContext,
  checker: Checker,
): Promise<CoveredAssertion> {
  const { idp, now } = context;
  const policy: SignaturePolicy = { ...idp.signatures, now };
  const begin = (element: XmlElement) => beginVerification(element, idp.signingKeys, policy);

  context.onStage?.('verify');
  const held = childElements(root).filter(isAssertion);
  const encrypted = held.some((element) => isNamed(element, ASSERTION, 'EncryptedAssertion'));
  await checker.step('signature-placement', () => {
    assertSignaturePlacement(root, encrypted ? [root] : [root, ...held]);
  });
  const responseSigned = isSigned(root);
  // Before any arithmetic: what is not signed at all is refused without costing any.
  const plain = encrypted ? undefined : held[0];
  if (plain !== undefined) checkCoverage(checker, responseSigned, plain);
  const ahead: { inner?: Promise<Verification> } = {};
  const verifyBoth = () => {
    const verification = begin(root);
    // Only once the Response's digest holds; then the thread pool, if it is needed, can work on both at a time.
    if (plain !== undefined && isSigned(plain)) ahead.inner = begun(() => begin(plain));
    return verification;
  };
  const outer = responseSigned ? await checker.step('response-signature', verifyBoth, describeSignature) : null;

  let assertion: XmlElement | undefined = plain;
  let vouched = outer === null ? undefined : verifiedChildrenNamed(outer.element, ASSERTION, 'Assertion')[0];
  if (assertion === undefined) {
    context.onStage?.('decrypt');
    const decrypted = await decryptAssertion(root, outer?.element ?? null, context, checker);
    assertion = decrypted.assertion;
    vouched = decrypted.vouched;
    checkCoverage(checker, responseSigned, assertion);
  }
  const signed = assertion;
  const own = isSigned(signed)
    ? await checker.step('assertion-signature', () => ahead.inner ?? begin(signed), describeSignature)
    : null;
  // `signature-present` held, so there is one.
  const covering = own ?? outer ?? contradiction();
  const element = own?.element ?? vouched ?? contradiction();
  if (encrypted)
    await checker.step('decrypted-ids', () => {
      assertDistinctIds(root, signed);
    });
  return {
    assertion: element,
    response: outer?.element ?? null,
    keyFingerprint: covering.key.fingerprint,
    warnings: warningsOf([outer, own].filter((each) => each !== null)),
    signedPrefixes: [outer, own].flatMap((each) => each?.inclusivePrefixes ?? []),
    encrypted,
  };
}

function checkCoverage(checker: Checker, responseSigned: boolean, assertion: XmlElement): void {
  checker.apply(coverageChecks, { responseSigned, assertionSigned: isSigned(assertion) });
  checker.barrier();
}
