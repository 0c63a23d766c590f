import t from 'tap';
import { attacks, type Evil } from '../../src/sandbox/attacks/index.js';
import { xmlsecVerify } from '../support/xmlsec.js';
import { goodResponse, idpPair } from './good-responses.js';

function text(evil: Evil): string {
  if (typeof evil !== 'string') throw new Error('Not a document.');
  return evil;
}

/**
 * An attack that no verifier falls for would prove nothing. xmlsec1 finds a signed element by its ID, as many SAML
 * libraries did, so it calls the signature of a wrapped element good: these are the attacks as they are meant.
 */
t.test('xmlsec1, which looks elements up by ID, finds the signatures of wrapped elements good', async (t) => {
  const response = await goodResponse('okta', 'response', 'rsa');
  const assertion = await goodResponse('okta', 'assertion', 'rsa');
  const { certificatePem } = idpPair('rsa');
  const wrapped = attacks.filter(
    ({ family, name }) =>
      family === 'wrapping' &&
      /^the signed (assertion|Response) (in|as)\b/.test(name) &&
      !/same ID|that moved/.test(name),
  );
  t.ok(wrapped.length > 25, `${wrapped.length} forms of wrapping`);
  const documents = wrapped.flatMap((attack) =>
    [response, assertion].filter((good) => attack.applies?.(good) ?? true).map((good) => text(attack.build(good))),
  );
  // The signature that the identity provider made, not those that are only a place to hide in.
  const xpath = '//*[local-name()="Signature" and *[local-name()="SignedInfo"]]';
  const { ok, report } = await xmlsecVerify(documents, { certificatePem, xpath });
  t.ok(ok, report.slice(0, 500));
});
