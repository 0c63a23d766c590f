import fc from 'fast-check';
import t from 'tap';
import { receiveResponse, type VerifiedLogin } from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { canonicalize } from '../../src/xml/index.js';
import { idpKeys, testContext, testIdp, testResponse, testSp } from '../support/saml-parties.js';
import { signedResponse, type Shape } from '../support/saml-response.js';

const receive = (xml: string): Promise<VerifiedLogin> =>
  receiveResponse(Buffer.from(xml), testIdp(), testSp(), testContext());

/** One of: a character put in, taken out or replaced; a slice doubled; a slice moved. */
const mutation = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    at: fc.nat(),
    text: fc.constantFrom('<', '>', '/', '"', ' ', 'a', ':', '&amp;', '<x/>', '\u2028'),
  }),
  fc.record({ kind: fc.constant('take' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('double' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('element' as const), from: fc.nat(), at: fc.nat() }),
);

type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

const ELEMENT =
  /<(?:\w+:)?(Assertion|Subject|NameID|Attribute|Signature|Conditions|Issuer|Status)\b[^]*?<\/(?:\w+:)?\1>/g;

function mutate(xml: string, change: Mutation): string {
  const at = change.at % xml.length;
  switch (change.kind) {
    case 'put':
      return xml.slice(0, at) + change.text + xml.slice(at);
    case 'take':
      return xml.slice(0, at) + xml.slice(at + change.length);
    case 'double':
      return xml.slice(0, at + change.length) + xml.slice(at);
    case 'element': {
      // A whole element, copied to a place where one may begin: what signature wrapping is made of.
      const elements = [...xml.matchAll(ELEMENT)].map(([text]) => text);
      const places = [...xml.matchAll(/></g)].map(({ index }) => index + 1);
      const place = places[at % places.length] ?? 0;
      return xml.slice(0, place) + (elements[change.from % elements.length] ?? '') + xml.slice(place);
    }
  }
}

t.test('a mutant of a good response is refused with a code, or says what the original said', async (t) => {
  for (const shape of ['okta', 'ad-fs', 'google'] satisfies Shape[]) {
    const original = await signedResponse(testResponse({ shape }), { key: idpKeys().signingKey() });
    const said = await receive(original);
    const signed = canonicalize(said.assertion);
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
        const mutant = changes.reduce(mutate, original);
        const verdict = await receive(mutant).catch((error: unknown) => error);
        if (verdict instanceof GatewayError) return;
        if (verdict instanceof Error) throw verdict;
        const login = verdict as VerifiedLogin;
        if (canonicalize(login.assertion) !== signed || login.replayKey !== said.replayKey) {
          throw new Error(`accepted: ${mutant}`);
        }
      }),
      { numRuns: 400 },
    );
    t.pass(shape);
  }
});
