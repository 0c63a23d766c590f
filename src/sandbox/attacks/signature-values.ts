import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { contentOf, replace, setContent } from './markup.js';
import { tricked } from './signature.js';

type Field = 'DigestValue' | 'SignatureValue';
type Change = (value: string) => string;

/** A value altered after signing. Of two signatures it is the innermost, the outer one being made after it. */
function altered(field: Field, name: string, change: Change): Row {
  return [
    `${field}: ${name}`,
    'SIGNATURE_FORM',
    (good) => tricked(good, { signature: (text) => setContent(text, field, change(contentOf(text, field))) }),
  ];
}

/** Decodes as base64, but to another value. */
function other(field: Field, name: string, change: Change): Row {
  return [
    `${field}: ${name}`,
    field === 'DigestValue' ? 'SIGNATURE_DIGEST_MISMATCH' : 'SIGNATURE_INVALID',
    (good) => tricked(good, { signature: (text) => setContent(text, field, change(contentOf(text, field))) }),
  ];
}

const bytes =
  (change: (value: Buffer) => Buffer): Change =>
  (value) =>
    change(Buffer.from(value, 'base64')).toString('base64');

const urlSafe: Change = (value) => {
  const swapped = value.replaceAll('+', '-').replaceAll('/', '_');
  return swapped === value ? `-${value.slice(1)}` : swapped;
};

const forBoth = (field: Field): readonly Row[] => [
  altered(field, 'empty', () => ''),
  altered(field, 'white space alone', () => ' \n '),
  altered(field, 'an element inside', (value) => `${value}<x xmlns="urn:x"></x>`),
  altered(field, 'split by an element', (value) => `${value.slice(0, 9)}<x xmlns="urn:x"></x>${value.slice(9)}`),
  altered(field, 'url-safe base64', urlSafe),
  altered(field, 'without padding', (value) => (value.endsWith('=') ? value.replace(/=+$/, '') : `${value}=`)),
  altered(field, 'garbage behind', (value) => `${value}!`),
  altered(field, 'base64 behind the padding', (value) => `${value}=AAAA`),
  altered(field, 'one character short', (value) => value.replace(/.(=*)$/, '$1')),
  altered(field, 'a no-break space inside', (value) => `${value.slice(0, 4)}\u00a0${value.slice(4)}`),
  altered(field, 'a next-line character inside', (value) => `${value.slice(0, 4)}\u0085${value.slice(4)}`),
  altered(field, 'hexadecimal', (value) => `0x${Buffer.from(value, 'base64').toString('hex')}`),
  [
    `${field}: split by a comment`,
    'XML_FORBIDDEN',
    (good) =>
      tricked(good, {
        signature: (text) =>
          setContent(text, field, `${contentOf(text, field).slice(0, 9)}<!---->${contentOf(text, field).slice(9)}`),
      }),
  ],
  [
    `${field}: behind a comment with the attacker's value (CVE-2025-29775)`,
    'XML_FORBIDDEN',
    (good) => tricked(good, { signature: (text) => setContent(text, field, `AAAA<!---->${contentOf(text, field)}`) }),
  ],
  other(
    field,
    'one bit flipped',
    bytes((value) => flipped(value)),
  ),
  other(
    field,
    'cut in half',
    bytes((value) => value.subarray(0, 16)),
  ),
  other(
    field,
    'one byte more',
    bytes((value) => Buffer.concat([value, Buffer.from([0])])),
  ),
  other(
    field,
    'a zero byte in front',
    bytes((value) => Buffer.concat([Buffer.from([0]), value])),
  ),
  other(
    field,
    'all zero',
    bytes((value) => Buffer.alloc(value.length)),
  ),
  other(field, 'one zero byte', () => 'AA=='),
];

function flipped(value: Buffer): Buffer {
  const copy = Buffer.from(value);
  copy.writeUInt8(copy.readUInt8(0) ^ 1, 0);
  return copy;
}

/** White space in base64 is allowed (xmldsig-core1 §4.3), so the outer value may be folded; the same is said. */
const folded = (good: GoodResponse): string => {
  const path = `${good.signed === 'assertion' ? 'Assertion' : 'Response'}/Signature/SignatureValue`;
  return setContent(good.xml, path, `\n${contentOf(good.xml, path).replace(/(.{64})/g, '$1\r\n\t ')}\n`);
};

const isElliptic = ({ idp }: GoodResponse) => idp.key.asymmetricKeyType === 'ec';

/** Tricks with the two values of a signature. */
export const signatureValues: readonly Attack[] = familyOf('signature-value', [
  ...forBoth('DigestValue'),
  ...forBoth('SignatureValue'),
  ['SignatureValue: folded in lines', 'same', folded],
  [
    'SignatureValue: twice',
    'SIGNATURE_FORM',
    (good) => tricked(good, { signature: (text) => replace(text, 'SignatureValue', (one) => one + one) }),
  ],
  [
    'DigestValue: twice, that of the attacker first',
    'SIGNATURE_FORM',
    (good) =>
      tricked(good, {
        signature: (text) => replace(text, 'DigestValue', (one) => `<ds:DigestValue>AAAA</ds:DigestValue>${one}`),
      }),
  ],
  [
    'SignatureValue: DER in the place of r and s',
    'SIGNATURE_INVALID',
    (good) => tricked(good, { value: (octets) => Buffer.concat([Buffer.from([0x30]), octets.subarray(0, 70)]) }),
    { applies: isElliptic },
  ],
  [
    'SignatureValue: r and s of zero (CVE-2022-21449)',
    'SIGNATURE_INVALID',
    (good) => tricked(good, { value: () => Buffer.alloc(64) }),
    { applies: isElliptic },
  ],
  [
    'SignatureValue: r and s of the order of the curve',
    'SIGNATURE_INVALID',
    (good) => {
      const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
      return tricked(good, { value: () => Buffer.from(order + order, 'hex') });
    },
    { applies: isElliptic },
  ],
  [
    'SignatureValue: one, which is its own RSA signature of a padding that is not checked',
    'SIGNATURE_INVALID',
    (good) => tricked(good, { value: () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])]) }),
    { applies: (good) => !isElliptic(good) },
  ],
]);
