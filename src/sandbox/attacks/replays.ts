import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { attributeOf, replace, swap } from './markup.js';
import { bare, keyInfo, said, seal } from './signature.js';

const AT_ONCE = 4;

function volley(name: string, again: (good: GoodResponse, turn: number) => string, more: Row[3] = {}): Row {
  return [
    name,
    'SAML_REPLAYED',
    (good) => ({ volley: Array.from({ length: AT_ONCE }, (_, turn) => again(good, turn)) }),
    more,
  ];
}

const signedAssertion = { applies: ({ signed }: GoodResponse) => signed === 'assertion' };

/** One assertion in several posts at one time (saml-profiles §4.1.4.5), as octets or in another wrapping. */
export const replays: readonly Attack[] = familyOf('replay', [
  volley('one response, posted at one time', ({ xml }) => xml),
  volley('with another KeyInfo each time', ({ xml, signed, attacker }, turn) =>
    replace(xml, `${signed === 'assertion' ? 'Assertion' : 'Response'}/Signature/KeyInfo`, () =>
      keyInfo(attacker.certificate.slice(0, -4 * turn || undefined)),
    ),
  ),
  volley('with other white space outside of what is signed', ({ xml }, turn) => `${xml}${' '.repeat(turn)}`),
  volley(
    'in a Response of another ID each time',
    ({ xml }, turn) => swap(xml, attributeOf(xml, 'Response', 'ID') ?? '', `_another${turn}`),
    signedAssertion,
  ),
  volley('in a Response of the identity provider’s of another ID each time', (good, turn) => {
    const { xml } = good;
    const renamed = swap(bare(good), attributeOf(xml, 'Response', 'ID') ?? '', `_another${turn}`);
    return seal(renamed, 'Response', good.idp);
  }),
  volley('issued again under the same ID for another person', (good, turn) =>
    said(good, (xml) =>
      replace(xml, 'Assertion/Subject/NameID', (text) => swap(text, />/, `>${'x'.repeat(turn + 1)}`)),
    ),
  ),
]);
