import { inflateRawSync } from 'node:zlib';
import { EMAIL_ADDRESS, SAML_ASSERTION, SAML_PROTOCOL, UNSPECIFIED_NAME, XML_SIGNATURE } from '../namespaces.js';
import { idpMetadataXml, spMetadataXml } from '../saml-metadata.js';
import { IdentityProvider, ServiceProvider } from '../samlify.js';
import { childOf, readXml, type ReadElement } from '../xml-reader.js';
import type { IdpEngine, RegisteredApp } from './engine.js';

/** A refusal that the IdP shows on its own page, since it cannot trust the request enough to answer it. */
export class RequestRefused extends Error {}

/** A request as it came over HTTP. */
export interface IncomingRequest {
  readonly binding: 'redirect' | 'post';
  readonly samlRequest: string;
  /** The query as it was sent, undecoded; the redirect binding's signature is over it (saml-bindings §3.4.4.1). */
  readonly rawQuery: string;
}

export interface AcceptedRequest {
  readonly id: string;
  readonly app: RegisteredApp;
}

const MAX_REQUEST_BYTES = 65_536;

/** Reads an AuthnRequest with samlify. Throws RequestRefused. */
export async function acceptRequest(idp: IdpEngine, incoming: IncomingRequest): Promise<AcceptedRequest> {
  const request = readRequest(incoming);
  const issuer = childOf(request, SAML_ASSERTION, 'Issuer')?.text.trim() ?? '';
  const app = idp.findApp(issuer);
  if (app === undefined) throw new RequestRefused(`No app is registered for the issuer “${issuer}”.`);
  await verifyWithSamlify(idp, app, incoming, request);
  assertFits(idp, app, request);
  return { id: request.attributes.get('ID') ?? '', app };
}

function readRequest({ binding, samlRequest }: IncomingRequest): ReadElement {
  try {
    const bytes = Buffer.from(samlRequest, 'base64');
    const xml = binding === 'post' ? bytes : inflateRawSync(bytes, { maxOutputLength: MAX_REQUEST_BYTES });
    return readXml(xml.toString('utf8'));
  } catch (error) {
    throw new RequestRefused(`The request cannot be read: ${reasonOf(error)}.`);
  }
}

async function verifyWithSamlify(
  idp: IdpEngine,
  app: RegisteredApp,
  incoming: IncomingRequest,
  request: ReadElement,
): Promise<void> {
  const { certificates } = app.provider;
  const query = new URLSearchParams(incoming.rawQuery);
  const carriesSignature =
    incoming.binding === 'redirect'
      ? query.has('Signature')
      : childOf(request, XML_SIGNATURE, 'Signature') !== undefined;
  const check = idp.requestPolicy === 'signed' || (carriesSignature && certificates.length > 0);
  // samlify checks a signature exactly when the IdP's metadata wants requests signed.
  const receiver = IdentityProvider({
    metadata: idpMetadataXml({ ...idp.description, wantAuthnRequestsSigned: check }),
  });
  const message = {
    query: Object.fromEntries(query),
    body: { SAMLRequest: incoming.samlRequest },
    octetString: signedOctets(incoming.rawQuery),
  };
  const failures: string[] = [];
  // samlify takes but the first certificate of a redirect's sender, so each gets its turn.
  for (const only of check && certificates.length > 0 ? certificates : [undefined]) {
    const sender = ServiceProvider({
      metadata: spMetadataXml({ ...app.provider, certificates: only === undefined ? [] : [only] }),
    });
    try {
      await receiver.parseLoginRequest(sender, incoming.binding, message);
      return;
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  throw new RequestRefused(`The request does not verify: ${failures.join('; ')}.`);
}

function assertFits(idp: IdpEngine, app: RegisteredApp, request: ReadElement): void {
  const destination = request.attributes.get('Destination');
  if (
    destination !== undefined &&
    destination !== idp.description.redirectUrl &&
    destination !== idp.description.postUrl
  ) {
    throw new RequestRefused(`The request is for another destination: ${destination}.`);
  }
  const acsUrl = request.attributes.get('AssertionConsumerServiceURL');
  if (acsUrl !== undefined && acsUrl !== app.provider.acsUrl) {
    throw new RequestRefused(`The address ${acsUrl} is not registered for this app.`);
  }
  // Okta: a NameIDPolicy must match the app's Name ID format.
  const format = childOf(request, SAML_PROTOCOL, 'NameIDPolicy')?.attributes.get('Format');
  if (format !== undefined && format !== EMAIL_ADDRESS && format !== UNSPECIFIED_NAME) {
    throw new RequestRefused(`The NameIDPolicy asks for ${format}; this app gives e-mail addresses.`);
  }
}

/** The parameters that are signed, in their order and as they were encoded (saml-bindings §3.4.4.1). */
function signedOctets(rawQuery: string): string {
  const parts = rawQuery.split('&');
  return ['SAMLRequest', 'RelayState', 'SigAlg']
    .flatMap((name) => parts.filter((part) => part.startsWith(`${name}=`)))
    .join('&');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
