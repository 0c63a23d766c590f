import { attacks, type GoodResponse } from '../../src/sandbox/attacks/index.js';
import {
  buildAuthnRequest,
  encodeRedirect,
  receiveResponse,
  writeIdpMetadata,
  type VerificationKey,
} from '../../src/saml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';
import { NOW, testContext, testSp, ZIVVER_ACS, ZIVVER_ENTITY_ID } from '../support/saml-parties.js';
import type { Shape } from '../support/saml-response.js';
import { goodResponse, idpPair } from '../attacks/good-responses.js';
import { receiverOf, SIGNED_REQUEST, SSO, statementOf, type World } from './targets.js';

export interface Corpus {
  readonly world: World;
  /** Seeds by target. */
  readonly seeds: ReadonlyMap<string, readonly Buffer[]>;
}

/** Families whose documents take the fuzzer past the first checks. */
const TELLING = ['wrapping', 'reference', 'signed-info', 'namespace', 'lexical', 'encryption', 'condition', 'time'];

/** The world and its seeds: good responses signed with keys of this run, evil ones, requests and metadata. */
export async function makeCorpus(): Promise<Corpus> {
  const goods = await Promise.all([
    ...(['okta', 'ad-fs', 'auth0'] satisfies Shape[]).map((wire) => goodResponse(wire, 'both', 'rsa')),
    ...(['google', 'entra-id'] satisfies Shape[]).map((wire) => goodResponse(wire, 'response', 'ecdsa')),
    ...(['keycloak', 'onelogin'] satisfies Shape[]).map((wire) => goodResponse(wire, 'assertion', 'ecdsa')),
  ]);
  // Content that the identity provider did sign, and that is refused for what it says.
  const unfit = attacksOf(['subject'], goods);
  const evil = [...attacksOf(TELLING, goods), ...unfit];
  const encrypted = attacks
    .filter(({ name }) => name === 'the good response, encrypted')
    .flatMap((attack) => goods.map((good) => attack.build(good)))
    .filter((built): built is string => typeof built === 'string');
  const good = [...goods.map(({ xml }) => xml), ...encrypted].map((xml) => Buffer.from(xml));
  const base64 = good.map((xml) => Buffer.from(xml.toString('base64')));
  const world = await makeWorld([...good, ...unfit]);
  const requests = await makeRequests();
  return {
    world,
    seeds: new Map([
      ['receiveResponse', [...good, ...good, ...evil]],
      ['parseXml', [...good, ...evil]],
      ['decodePostMessage', base64],
      ['readResponseInput', [...base64, ...good, Buffer.from('SAMLResponse=PHgvPg%3D%3D&RelayState=x')]],
      ['decodeRedirectMessage', requests.redirects],
      ['receiveAuthnRequest', requests.documents],
      ['parseMetadata', await makeMetadata()],
    ]),
  };
}

/** Of the evil documents of some families each once, on one of the good responses. */
function attacksOf(families: readonly string[], goods: readonly GoodResponse[]): Buffer[] {
  return (
    attacks
      .filter(({ family, outcome }) => families.includes(family) && outcome !== 'same')
      // Its assertion is signed for real, and holds once a mutant gives the Response another ID.
      .filter(({ outcome, family }) => !(family === 'encryption' && outcome === 'XML_DUPLICATE_ID'))
      .flatMap((attack, index) => {
        const good = goods[index % goods.length];
        return good !== undefined && (attack.applies?.(good) ?? true) ? [attack.build(good)] : [];
      })
      .filter((built): built is string => typeof built === 'string' && built.length < 20_000)
      .map((built) => Buffer.from(built))
  );
}

const spPair = () => rsaKeyPair(2048, 'fuzzed sp');

/** @param signed by the identity provider; what is refused of it is not said */
async function makeWorld(signed: readonly Buffer[]): Promise<World> {
  const idpKeys: VerificationKey[] = [idpPair('rsa').verificationKey(), idpPair('ecdsa').verificationKey()];
  const spKeys = [spPair().verificationKey()];
  const said = new Set<string>();
  for (const document of signed) {
    const login = await receiveResponse(document, receiverOf({ idpKeys }), testSp(), testContext()).catch(() => null);
    if (login !== null) said.add(statementOf(login));
  }
  return { idpKeys, spKeys, said };
}

async function makeRequests(): Promise<{ documents: Buffer[]; redirects: Buffer[] }> {
  const addresses = { issuer: ZIVVER_ENTITY_ID, acsUrl: ZIVVER_ACS, destination: SSO };
  const description = { id: SIGNED_REQUEST.id, now: NOW, ...addresses, asked: SIGNED_REQUEST };
  const key = spPair().signingKey();
  const [signed, plain] = [await buildAuthnRequest(description, key), await buildAuthnRequest(description, null)];
  const redirects = await Promise.all(
    [key, null].map((each) =>
      encodeRedirect(SSO, { parameter: 'SAMLRequest', xml: plain, relayState: 'relay', key: each }),
    ),
  );
  return {
    documents: [signed, signed, plain].map((xml) => Buffer.from(xml)),
    redirects: redirects.map((url) => Buffer.from(url.slice(url.indexOf('?') + 1))),
  };
}

async function makeMetadata(): Promise<Buffer[]> {
  const certificate = ecKeyPair('prime256v1', 'fuzzed metadata').certificateBase64;
  const xml = await writeIdpMetadata({
    entityId: 'https://idp.example',
    ssoUrl: SSO,
    signingCertificates: [certificate],
    wantsSignedRequests: false,
    validUntil: NOW + 1e9,
    id: '_metadata',
    key: null,
  });
  const commented = `<!-- terms --><?style sheet?>${xml.replace(/></g, '><!-- here --><')}<!---->`;
  return [xml, commented].map((each) => Buffer.from(each));
}
