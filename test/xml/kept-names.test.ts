import { randomBytes } from 'node:crypto';
import t from 'tap';
import { attributeValue, canonicalize, childElements, parseXml, type XmlElement } from '../../src/xml/index.js';
import { interned } from '../../src/xml/interned.js';
import { ParsedElement } from '../../src/xml/parsed-element.js';
import { fitNamespaceName } from '../../src/xml/namespace-names.js';

// Names and namespace names are kept from one document to the next: no document may read another's.

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

t.test('thousands of names, of which many share a place, are each read as they are written', (t) => {
  const names = Array.from({ length: 3000 }, (_, index) => `n${index.toString(36)}`);
  for (const turn of [names, names.toReversed()]) {
    const root = parse(`<r>${turn.map((name) => `<${name} ${name}a="${name}"/>`).join('')}</r>`);
    t.strictSame(
      childElements(root).map(({ localName, attributes }) => [
        localName,
        attributes[0]?.localName,
        attributes[0]?.value,
      ]),
      turn.map((name) => [name, `${name}a`, name]),
    );
  }
  t.end();
});

// 31 · a + b makes the place: these two names have the same one.
t.test('two names of one length and one place are told apart, in an end-tag too', (t) => {
  t.equal(parse('<xAa/>').localName, 'xAa');
  t.equal(parse('<xBB/>').localName, 'xBB');
  t.equal(parse('<xAa/>').localName, 'xAa');
  t.throws(() => parse('<xAa></xBB>'), { code: 'XML_MALFORMED' });
  t.throws(() => parse('<xAa></xA>'), { code: 'XML_MALFORMED' });
  t.throws(() => parse('<xAa></xAab>'), { code: 'XML_MALFORMED' });
  t.end();
});

t.test('a prefix belongs to the name: the same letters with the colon elsewhere are another one', (t) => {
  const read = (source: string) => {
    const { prefix, localName } = parse(source);
    return [prefix, localName];
  };
  for (let turn = 0; turn < 2; turn++) {
    t.strictSame(read('<a:bc xmlns:a="urn:a"/>'), ['a', 'bc']);
    t.strictSame(read('<ab:c xmlns:ab="urn:a"/>'), ['ab', 'c']);
    t.strictSame(read('<abc/>'), ['', 'abc']);
  }
  t.throws(() => parse('<a:b:c xmlns:a="urn:a"/>'), { code: 'XML_MALFORMED' });
  t.end();
});

t.test('a name is as long as it is, however much of it was read before', (t) => {
  const name = 'n'.repeat(64);
  for (const each of [name, `${name}n`, `${name}é`, name.slice(1), `${name.slice(1)}é`, name]) {
    t.equal(parse(`<${each}></${each}>`).localName, each);
    t.throws(() => parse(`<${each}></${each}n>`), { code: 'XML_MALFORMED' });
  }
  t.end();
});

// To keep a name costs more than to read it, and this happens before any signature is looked at.
t.test('a document cannot have more than its share of names kept', (t) => {
  const nameOf = (element: XmlElement | undefined) =>
    element !== undefined && ParsedElement.isParsed(element) ? element.name : undefined;
  // New ones whenever this runs, since what was kept stays.
  const run = randomBytes(6).toString('hex');
  const [root, beyond] = [`share${run}`, `beyond${run}`];
  const fresh = Array.from({ length: 255 }, (_, index) => `<${root}-${index.toString(36)}/>`);
  const last = (source: string) => childElements(parse(source)).slice(-2).map(nameOf);
  const [first, second] = last(`<${root}>${fresh.join('')}<${beyond}/><${beyond}/></${root}>`);
  t.equal(first?.qualified, beyond);
  t.same(first, second);
  t.not(first, second);
  const [third, fourth] = last(`<${root}><${beyond}/><${beyond}/></${root}>`);
  t.equal(third, fourth);
  t.end();
});

t.test('what is kept of a name does not keep the memory of others', (t) => {
  const [element] = childElements(parse('<r><kept-alone/></r>'));
  const name = element !== undefined && ParsedElement.isParsed(element) ? element.name : {};
  t.equal('octets' in name && name.octets instanceof Uint8Array && name.octets.buffer.byteLength, 10);
  t.end();
});

t.test('a malformed name is refused however often it comes', (t) => {
  for (let turn = 0; turn < 3; turn++) {
    for (const name of ['1a', 'a:', ':a', 'a:1', '-']) {
      t.throws(() => parse(`<${name} xmlns:a="urn:a"/>`), { code: 'XML_MALFORMED' });
    }
  }
  t.end();
});

t.test('names that mean something to the language are names like others', (t) => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    t.equal(interned(name), name);
    t.equal(fitNamespaceName(`urn:${name}`), `urn:${name}`);
    for (let turn = 0; turn < 2; turn++) {
      const root = parse(`<${name} ${name}="1"></${name}>`);
      t.equal(root.localName, name);
      t.equal(attributeValue(root, name), '1');
    }
  }
  t.equal(interned(''), '');
  t.equal(interned('1'), '1');
  t.end();
});

t.test(
  'namespace names are each what they are, however many and however long, and those that are not fit stay so',
  (t) => {
    const many = Array.from({ length: 600 }, (_, index) => `urn:many:${index}`);
    for (const uri of [
      ...many,
      ...many,
      `urn:${'u'.repeat(124)}`,
      `urn:${'u'.repeat(125)}`,
      `urn:${'u'.repeat(400)}`,
    ]) {
      t.equal(fitNamespaceName(uri), uri);
      t.equal(canonicalize(parse(`<r xmlns="${uri}"/>`)), `<r xmlns="${uri}"></r>`);
    }
    for (let turn = 0; turn < 2; turn++) {
      t.equal(fitNamespaceName('many'), null);
      t.throws(() => parse('<r xmlns="many"/>'), { code: 'XML_MALFORMED' });
    }
    t.end();
  },
);
