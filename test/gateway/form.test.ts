import t from 'tap';
import { Form } from '../../src/gateway/form.js';

void t.test('a parameter that is there once is decoded', (t) => {
  const form = new Form('a=1&SAMLResponse=ab%2Bc%3D&RelayState=%C3%A9+%26%3Cb%3E');
  t.equal(form.message('SAMLResponse'), 'ab+c=');
  t.equal(form.relayState(), 'é &<b>');
  t.end();
});

void t.test('an absent RelayState is not an empty one', (t) => {
  t.equal(new Form('SAMLResponse=x').relayState(), null);
  t.equal(new Form('SAMLResponse=x&RelayState=').relayState(), '');
  t.end();
});

void t.test('a doubled parameter is refused, however its name is written', (t) => {
  for (const text of [
    'SAMLResponse=a&SAMLResponse=a',
    'SAMLResponse=a&%53AMLResponse=b',
    'SAMLResponse&SAMLResponse=a',
  ]) {
    t.throws(() => new Form(text).message('SAMLResponse'), { code: 'HTTP_PARAMETER' }, text);
  }
  t.throws(() => new Form('RelayState=a&RelayState=b').relayState(), { code: 'HTTP_PARAMETER' });
  t.end();
});

void t.test('a missing or empty message is refused', (t) => {
  for (const text of ['', 'SAMLRequest=x', 'SAMLResponse=', 'samlresponse=x', 'SAMLResponse']) {
    t.throws(() => new Form(text).message('SAMLResponse'), { code: 'SAML_ENCODING' }, text);
  }
  t.end();
});

void t.test('a value that is not percent-encoded UTF-8 is refused', (t) => {
  for (const text of ['RelayState=%', 'RelayState=%zz', 'RelayState=%ff']) {
    t.throws(() => new Form(text).relayState(), { code: 'HTTP_PARAMETER' }, text);
  }
  t.end();
});

void t.test('RelayState may have 8192 bytes and not one more', (t) => {
  t.equal(new Form(`RelayState=${'é'.repeat(4096)}`).relayState()?.length, 4096);
  t.throws(() => new Form(`RelayState=${'é'.repeat(4096)}a`).relayState(), { code: 'HTTP_PARAMETER' });
  t.end();
});

void t.test('a parameter of the bindings has its name in plain letters', (t) => {
  for (const text of [
    '%52elayState=a',
    'RelayState=a&%52%65%6C%61%79%53%74%61%74%65=b',
    'SAMLResponse=x&RelayStat%65',
  ]) {
    t.throws(() => new Form(text).relayState(), { code: 'HTTP_PARAMETER' }, text);
  }
  t.equal(new Form('%zz=1&%52elay=2&Relay+State=3&RelayState=a').relayState(), 'a', 'other names may be anything');
  t.end();
});

void t.test('a form may have 32 parameters and not one more, empty ones included', (t) => {
  for (const parameter of ['a=b&', '&', '%&', '%52elayState&']) {
    const text = `SAMLResponse=x&${parameter.repeat(32)}`;
    t.throws(() => new Form(text).message('SAMLResponse'), { code: 'HTTP_PARAMETER' }, parameter);
    t.throws(() => new Form(text).relayState(), { code: 'HTTP_PARAMETER' }, parameter);
  }
  t.equal(new Form(`${'a=b&'.repeat(31)}SAMLResponse=x`).message('SAMLResponse'), 'x');
  t.end();
});

void t.test('a megabyte of parameters is not read to its end', (t) => {
  // A decoding that fails for each of them took fifteen seconds, in which nobody else was served.
  const form = new Form(`SAMLResponse=x&${'%&'.repeat(524_000)}`);
  t.throws(() => form.message('SAMLResponse'), { code: 'HTTP_PARAMETER', message: /More than 32 parameters/ });
  t.end();
});
