import { familyOf, type Attack, type GoodResponse, type Outcome, type Row } from './attack.js';
import { saml } from './evil-parts.js';
import { append } from './markup.js';
import { said } from './signature.js';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

interface Smuggled {
  /** Attribute text in canonical order. */
  readonly attributes: string;
  readonly values: string;
}

const value = (good: GoodResponse, content: string, attributes = '') =>
  saml(good, 'AttributeValue', content, attributes);
const named = (name: string) => `Name="${name}"`;
const EVIL = 'key-of-the-attacker';

/** An attribute that wants to reach the service provider as the DomainKey, and what `verify` makes of it. */
const SMUGGLED: readonly (readonly [
  name: string,
  verified: Outcome,
  attribute: (good: GoodResponse, key: GoodResponse['facts']['domainKey']) => Smuggled,
])[] = [
  [
    'another value',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, EVIL) }),
  ],
  [
    'a name in capitals',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute.toUpperCase()), values: value(good, key.value) }),
  ],
  [
    'a name in small letters',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute.toLowerCase()), values: value(good, EVIL) }),
  ],
  [
    'a name with white space',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(` ${key.attribute} `), values: value(good, key.value) }),
  ],
  [
    'a name with a line break',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(`${key.attribute}&#xA;`), values: value(good, EVIL) }),
  ],
  [
    'a name with a no-break space',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(`${key.attribute}\u00a0`), values: value(good, EVIL) }),
  ],
  [
    'another NameFormat',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({
      attributes: `${named(key.attribute)} NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"`,
      values: value(good, EVIL),
    }),
  ],
  [
    'two values, ours first',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, key.value) + value(good, EVIL) }),
  ],
  [
    'two values, ours last',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, EVIL) + value(good, key.value) }),
  ],
  [
    'our value twice',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, key.value).repeat(2) }),
  ],
  ['no value', 'DOMAIN_KEY_MISMATCH', (_, key) => ({ attributes: named(key.attribute), values: '' })],
  [
    'an empty value',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, '') }),
  ],
  [
    'xsi:nil',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, '', `xmlns:xsi="${XSI}" xsi:nil="true"`) }),
  ],
  [
    'our value in an element',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({
      attributes: named(key.attribute),
      values: value(good, `<x:x xmlns:x="urn:x">${key.value}</x:x>`),
    }),
  ],
  [
    'our value split by an element',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({
      attributes: named(key.attribute),
      values: value(good, `${key.value}<x:x xmlns:x="urn:x"></x:x>`),
    }),
  ],
  [
    'our value with white space',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, ` ${key.value} `) }),
  ],
  [
    'our value in capitals',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, key.value.toUpperCase()) }),
  ],
  [
    'our value and a suffix',
    'DOMAIN_KEY_MISMATCH',
    (good, key) => ({ attributes: named(key.attribute), values: value(good, `${key.value}x`) }),
  ],
  [
    'a name with a homoglyph',
    'DOMAIN_KEY_MISSING',
    (good, key) => ({ attributes: named(key.attribute.replace('o', '\u043e')), values: value(good, EVIL) }),
  ],
  [
    'a name with a zero width space',
    'DOMAIN_KEY_MISSING',
    (good, key) => ({ attributes: named(`${key.attribute}\u200b`), values: value(good, EVIL) }),
  ],
  [
    'only a FriendlyName',
    'DOMAIN_KEY_MISSING',
    (good, key) => ({ attributes: `FriendlyName="${key.attribute}" Name="x"`, values: value(good, EVIL) }),
  ],
];

const attributeFor = (good: GoodResponse, { attributes, values }: Smuggled) =>
  saml(good, 'Attribute', values, attributes);

function smuggled(setting: 'domain-key-verified' | 'domain-key-injected'): readonly Row[] {
  return SMUGGLED.map(([name, verified, describe]): Row => [
    `${name} (${setting})`,
    setting === 'domain-key-verified' ? verified : 'same',
    (good) =>
      said(good, (xml) =>
        append(xml, 'Assertion/AttributeStatement', attributeFor(good, describe(good, good.facts.domainKey))),
      ),
    { setting },
  ]);
}

function twice(good: GoodResponse): string {
  const { attribute, value: own } = good.facts.domainKey;
  const one = (text: string) => attributeFor(good, { attributes: named(attribute), values: value(good, text) });
  return said(good, (xml) => append(xml, 'Assertion/AttributeStatement', one(own) + one(EVIL)));
}

/** Where no policy looks, but where it would be passed on, and found by a receiver that looks anywhere. */
function misplaced(): readonly Row[] {
  const evil = (good: GoodResponse) =>
    attributeFor(good, { attributes: named(good.facts.domainKey.attribute), values: value(good, EVIL) });
  const statement = (good: GoodResponse) => saml(good, 'AttributeStatement', evil(good));
  const typed = (good: GoodResponse) =>
    saml(good, 'Statement', evil(good), `xmlns:xsi="${XSI}" xsi:type="AttributeStatementType"`);
  const places: readonly (readonly [name: string, path: string, text: (good: GoodResponse) => string])[] = [
    ['a Statement of its type', 'Assertion', typed],
    ['an AuthnStatement', 'Assertion/AuthnStatement', evil],
    ['a statement in an AuthnStatement', 'Assertion/AuthnStatement', statement],
    ['a statement in a statement', 'Assertion/AttributeStatement', statement],
    ['the value of another attribute', 'Assertion/AttributeStatement/Attribute/AttributeValue', evil],
  ];
  return places.map(([name, path, text]): Row => [
    `a DomainKey in ${name} (verified)`,
    'SAML_STRUCTURE',
    (good) => said(good, (xml) => append(xml, path, text(good))),
    { setting: 'domain-key-verified' },
  ]);
}

/** Attempts to have a DomainKey of one's own delivered. Under `inject` nothing is refused, and nothing gets through. */
export const domainKeys: readonly Attack[] = familyOf('domain-key', [
  ...smuggled('domain-key-verified'),
  ...smuggled('domain-key-injected'),
  ...misplaced(),
  ['the right DomainKey and another (verified)', 'DOMAIN_KEY_MISMATCH', twice, { setting: 'domain-key-verified' }],
  ['the right DomainKey and another (injected)', 'same', twice, { setting: 'domain-key-injected' }],
  ['no DomainKey (verified)', 'DOMAIN_KEY_MISSING', ({ xml }) => xml, { setting: 'domain-key-verified' }],
]);
