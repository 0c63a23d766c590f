import type { Clock } from '../../shared/index.js';
import { BEARER, SAML_ASSERTION, SAML_PROTOCOL, XML_SIGNATURE } from '../namespaces.js';
import { idpMetadataXml, spMetadataXml, type IdpDescription, type SpDescription } from '../saml-metadata.js';
import {
  IdentityProvider,
  SamlLib,
  ServiceProvider,
  type IdentityProviderInstance,
  type ServiceProviderInstance,
} from '../samlify.js';
import { childOf, childrenOf, readXml, type ReadElement } from '../xml-reader.js';

/** A refusal of a login. The message is what the browser sees, as Zivver documents it. */
export class LoginRefused extends Error {}

/** What a response proved. */
export interface VerifiedResponse {
  readonly assertionId: string;
  readonly issuer: string;
  readonly address: string;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly inResponseTo: string | null;
  readonly authnContextClassRef: string | null;
  readonly signed: { readonly response: boolean; readonly assertion: boolean };
}

const NOT_SIGNED =
  'SAML response was not properly signed. Make sure to sign at least the SAML response or the assertion(s).';
const SKEW_MS = 60_000;

/** Verifies responses of one IdP with samlify, and checks what samlify leaves to its caller. */
export class ResponseCheck {
  readonly #clock: Clock;
  readonly #sp: SpDescription;
  readonly #receiver: ServiceProviderInstance;
  readonly #issuer: string;
  /** One for each certificate: without KeyInfo samlify tries only the first. */
  readonly #senders: readonly IdentityProviderInstance[];

  constructor(sp: SpDescription, idp: IdpDescription, clock: Clock) {
    this.#clock = clock;
    this.#sp = sp;
    this.#receiver = ServiceProvider({ metadata: spMetadataXml(sp) });
    this.#issuer = idp.entityId;
    this.#senders = idp.certificates.map((certificate) =>
      IdentityProvider({ metadata: idpMetadataXml({ ...idp, certificates: [certificate] }) }),
    );
  }

  /** Throws LoginRefused. */
  async verify(samlResponse: string): Promise<VerifiedResponse> {
    const xml = Buffer.from(samlResponse, 'base64').toString('utf8');
    const response = readOrRefuse(xml);
    this.#assertIssuer(response);
    const sender = await this.#findSender(samlResponse);
    const { assertion, signed } = verifyEverySignature(xml, response, sender);
    this.#assertEnvelope(response, signed.response);
    this.#assertConditions(assertion);
    const confirmation = this.#confirmationOf(assertion);
    const inResponseTo = response.attributes.get('InResponseTo') ?? null;
    if ((confirmation.attributes.get('InResponseTo') ?? null) !== inResponseTo) {
      throw new LoginRefused('The response and its assertion answer different requests.');
    }
    const context = childOf(childOf(assertion, SAML_ASSERTION, 'AuthnStatement'), SAML_ASSERTION, 'AuthnContext');
    return {
      assertionId: assertion.attributes.get('ID') ?? '',
      issuer: this.#issuer,
      address: childOf(childOf(assertion, SAML_ASSERTION, 'Subject'), SAML_ASSERTION, 'NameID')?.text ?? '',
      attributes: attributesOf(assertion),
      inResponseTo,
      authnContextClassRef: childOf(context, SAML_ASSERTION, 'AuthnContextClassRef')?.text ?? null,
      signed,
    };
  }

  #assertIssuer(response: ReadElement): void {
    const assertion = childOf(response, SAML_ASSERTION, 'Assertion');
    const issuer = childOf(assertion, SAML_ASSERTION, 'Issuer')?.text ?? '';
    const outer = childOf(response, SAML_ASSERTION, 'Issuer')?.text;
    if (issuer === this.#issuer && (outer === undefined || outer === issuer)) return;
    const address = childOf(childOf(assertion, SAML_ASSERTION, 'Subject'), SAML_ASSERTION, 'NameID')?.text ?? '';
    throw new LoginRefused(noConfiguration(address, outer ?? issuer));
  }

  async #findSender(samlResponse: string): Promise<IdentityProviderInstance> {
    // samlify reads the system's clock; the difference to ours goes into its allowance, which is
    // [before NotBefore, after NotOnOrAfter] in milliseconds.
    const ahead = this.#clock.now() - Date.now();
    this.#receiver.entitySetting.clockDrifts = [-SKEW_MS - ahead, SKEW_MS - ahead];
    let reason = '';
    for (const sender of this.#senders) {
      try {
        await this.#receiver.parseLoginResponse(sender, 'post', { body: { SAMLResponse: samlResponse } });
        return sender;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    if (reason === 'ERR_SUBJECT_UNCONFIRMED' || reason === 'ERR_EXPIRED_SESSION') {
      throw new LoginRefused('The response is not valid at this time.');
    }
    throw new LoginRefused(reason.startsWith('ERR_FAILED_STATUS') ? 'The login did not succeed.' : NOT_SIGNED);
  }

  #assertEnvelope(response: ReadElement, signed: boolean): void {
    const destination = response.attributes.get('Destination');
    // saml-bindings §3.5.5.2: a signed message names its destination.
    if (destination === undefined ? signed : destination !== this.#sp.acsUrl) {
      throw new LoginRefused('The response is for another destination.');
    }
  }

  #assertConditions(assertion: ReadElement): void {
    const conditions = childOf(assertion, SAML_ASSERTION, 'Conditions');
    this.#assertTime(conditions);
    const restrictions = conditions === undefined ? [] : childrenOf(conditions, SAML_ASSERTION, 'AudienceRestriction');
    // saml-core §2.5.1.4: each restriction must hold; saml-profiles §4.1.4.2: there is one.
    const meant = restrictions.every((restriction) =>
      childrenOf(restriction, SAML_ASSERTION, 'Audience').some(({ text }) => text === this.#sp.entityId),
    );
    if (restrictions.length === 0 || !meant) throw new LoginRefused('The assertion is for another audience.');
  }

  #confirmationOf(assertion: ReadElement): ReadElement {
    const subject = childOf(assertion, SAML_ASSERTION, 'Subject');
    const confirmation = (subject?.children ?? []).find((child) => child.attributes.get('Method') === BEARER);
    const data = childOf(confirmation, SAML_ASSERTION, 'SubjectConfirmationData');
    const recipient = data?.attributes.get('Recipient');
    // Zivver's manuals have the entity id there for Okta and OneLogin, the ACS for Entra ID and Google.
    if (data === undefined || (recipient !== this.#sp.acsUrl && recipient !== this.#sp.entityId)) {
      throw new LoginRefused('The assertion is for another recipient.');
    }
    if (!data.attributes.has('NotOnOrAfter')) throw new LoginRefused('The confirmation has no end.');
    this.#assertTime(data);
    return data;
  }

  #assertTime(bounds: ReadElement | undefined): void {
    const now = this.#clock.now();
    const notBefore = bounds?.attributes.get('NotBefore');
    const notOnOrAfter = bounds?.attributes.get('NotOnOrAfter');
    const early = notBefore !== undefined && now + SKEW_MS < Date.parse(notBefore);
    const late = notOnOrAfter !== undefined && now - SKEW_MS >= Date.parse(notOnOrAfter);
    if (early || late) throw new LoginRefused('The response is not valid at this time.');
  }
}

/** Zivver's text for a subject that it cannot place. */
export function noConfiguration(address: string, issuer: string): string {
  return `We were not able to find a SAML configuration that belongs to the subject with email address [${address}] for issuer ${issuer}`;
}

function readOrRefuse(xml: string): ReadElement {
  try {
    const response = readXml(xml);
    if (response.namespace === SAML_PROTOCOL && response.name === 'Response') return response;
  } catch {
    // Falls through to the same refusal: what is not XML is no response either.
  }
  throw new LoginRefused('The SAML response cannot be read.');
}

/**
 * samlify is content with one signature that verifies. Here each one that is there must, and what is read is what
 * was verified: samlify hands back the assertion out of the canonical bytes.
 */
function verifyEverySignature(
  xml: string,
  response: ReadElement,
  sender: IdentityProviderInstance,
): { readonly assertion: ReadElement; readonly signed: VerifiedResponse['signed'] } {
  const outer = childOf(response, XML_SIGNATURE, 'Signature');
  const inner = childOf(childOf(response, SAML_ASSERTION, 'Assertion'), XML_SIGNATURE, 'Signature');
  const options = { metadata: sender.entityMeta };
  try {
    const [verified, assertionXml] = SamlLib.verifySignature(xml, options);
    if (!verified || assertionXml === null) throw new LoginRefused(NOT_SIGNED);
    const assertion = readXml(assertionXml);
    if (outer !== undefined && inner !== undefined) {
      // A response's reference covers the assertion's signature, an assertion's own does not: so where samlify
      // hands it back, the response's signature is the one that verified.
      const byResponse = childOf(assertion, XML_SIGNATURE, 'Signature') !== undefined;
      const [byAssertion] = SamlLib.verifySignature(xml.slice(0, outer.start) + xml.slice(outer.end), options);
      if (!byResponse || !byAssertion) throw new LoginRefused(NOT_SIGNED);
    }
    return { assertion, signed: { response: outer !== undefined, assertion: inner !== undefined } };
  } catch (error) {
    throw error instanceof LoginRefused ? error : new LoginRefused(NOT_SIGNED);
  }
}

function attributesOf(assertion: ReadElement): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const statement of childrenOf(assertion, SAML_ASSERTION, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, SAML_ASSERTION, 'Attribute')) {
      const name = attribute.attributes.get('Name') ?? '';
      const held = childrenOf(attribute, SAML_ASSERTION, 'AttributeValue').map(({ text }) => text);
      values.set(name, [...(values.get(name) ?? []), ...held]);
    }
  }
  return values;
}
