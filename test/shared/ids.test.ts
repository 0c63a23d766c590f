import t from 'tap';
import { createIdSource } from '../../src/shared/index.js';

t.test('a SAML id is an NCName that carries 160 random bits', (t) => {
  const ids = createIdSource();
  const first = ids.samlId();
  t.match(first, /^_[0-9a-f]{40}$/);
  t.not(ids.samlId(), first);
  t.end();
});

t.test('a reference is three spoken groups without the letters that are misheard', (t) => {
  const everyByte = createIdSource((count) => Uint8Array.from({ length: count }, (_, index) => index * 23));
  t.match(everyByte.reference(), /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  const zero = createIdSource((count) => new Uint8Array(count));
  t.equal(zero.reference(), '0000-0000-0000');
  t.end();
});
