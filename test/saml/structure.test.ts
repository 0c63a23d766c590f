import t from 'tap';
import { failedChecks, receive, type Attempt } from './attempt.js';

const ASSERTION = /(<saml2:Assertion .*<\/saml2:Assertion>)/;

t.test('the one assertion must be a child of the Response', async (t) => {
  const attempt: Attempt = {
    edit: (xml) =>
      xml.replace(ASSERTION, '').replace('<saml2p:Status>', () => {
        const [assertion = ''] = ASSERTION.exec(xml) ?? [];
        return `<saml2p:Extensions>${assertion}</saml2p:Extensions><saml2p:Status>`;
      }),
    signed: 'response',
  };
  await t.rejects(receive(attempt), { code: 'SAML_ASSERTION_COUNT' });
});

t.test('two signatures on the Response are a fault of placement, not of structure', async (t) => {
  const attempt: Attempt = {
    tamper: (xml) => xml.replace(/(<ds:Signature .*?<\/ds:Signature>)/s, '$1$1'),
    signed: 'response',
  };
  await t.rejects(receive(attempt), { code: 'SIGNATURE_MISPLACED' });
  t.notOk((await failedChecks(attempt)).includes('structure'));
});

t.test('a Status without a StatusCode is a fault of structure', async (t) => {
  const attempt: Attempt = { edit: (xml) => xml.replace(/<saml2p:StatusCode .*?\/>/, '') };
  await t.rejects(receive(attempt), { code: 'SAML_STRUCTURE' });
});
