import { attributeValue, childrenNamed, type XmlElement } from '../xml/index.js';
import { PROTOCOL, STATUS_SUCCESS } from './names.js';
import { simpleText } from './read.js';

/** saml-core §3.2.2.2; the second-level code says more, so it is looked up first. */
const SENTENCES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    AuthnFailed: 'The identity provider could not authenticate the user.',
    InvalidAttrNameOrValue: 'The identity provider did not accept an attribute of the request.',
    InvalidNameIDPolicy: 'The identity provider cannot give the kind of NameID that was asked for.',
    NoAuthnContext: 'The identity provider cannot authenticate the user in the way that was asked for.',
    NoAvailableIDP: 'The identity provider found no other provider that could authenticate the user.',
    NoPassive: 'The user is not logged in at the identity provider, and the request forbade to ask.',
    NoSupportedIDP: 'The identity provider supports none of the providers that were asked for.',
    PartialLogout: 'The user was not logged out everywhere.',
    ProxyCountExceeded: 'The identity provider may not pass the request on to another.',
    RequestDenied: 'The identity provider denied the request; the user may not be assigned to the application.',
    RequestUnsupported: 'The identity provider does not support the request.',
    UnknownPrincipal: 'The identity provider does not know the user.',
    UnsupportedBinding: 'The identity provider does not support the binding of the request.',
    Requester: 'The identity provider did not accept the request.',
    Responder: 'The identity provider met a fault of its own.',
    VersionMismatch: 'The identity provider does not speak this version of SAML.',
  }),
);

export interface ResponseStatus {
  readonly success: boolean;
  /** The codes, outermost first, without their common prefix. */
  readonly codes: readonly string[];
  readonly message: string | null;
}

/** The status of a Response; `null` where it has not exactly one Status with a StatusCode. */
export function readStatus(response: XmlElement): ResponseStatus | null {
  const [status, another] = childrenNamed(response, PROTOCOL, 'Status');
  if (status === undefined || another !== undefined) return null;
  const codes: string[] = [];
  let level = childrenNamed(status, PROTOCOL, 'StatusCode')[0];
  while (level !== undefined) {
    codes.push(attributeValue(level, 'Value') ?? '');
    level = childrenNamed(level, PROTOCOL, 'StatusCode')[0];
  }
  const message = childrenNamed(status, PROTOCOL, 'StatusMessage')[0];
  return {
    success: codes[0] === STATUS_SUCCESS,
    codes: codes.map((code) => code.replace(/^urn:oasis:names:tc:SAML:2\.0:status:/, '')),
    message: message === undefined ? null : printable(simpleText(message)),
  };
}

/** What a refusal says in a plain sentence. The identity provider's own words stand apart: they may name the person. */
export function statusSentence(status: ResponseStatus): string {
  const known = status.codes.toReversed().map((code) => SENTENCES.get(code));
  return known.find((each) => each !== undefined) ?? 'The identity provider refused the login.';
}

// The status may be unsigned, so the words may be anybody's: short, on one line, and without what is not seen.
function printable(text: string | null): string | null {
  const line = text?.replace(/[\p{C}\s]+/gu, ' ').trim() ?? '';
  if (line === '') return null;
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
