import { familyOf, type Attack, type Row } from './attack.js';
import { samlp } from './evil-parts.js';
import { after, append, before, remove, replace, setAttribute, setContent, swap, textOf } from './markup.js';
import { said } from './signature.js';

const PREFIX = 'urn:oasis:names:tc:SAML:2.0:status:';
const CODE = 'Response/Status/StatusCode';

function top(name: string, value: string): Row {
  return [
    `a top-level status ${name}`,
    'SAML_STATUS',
    (good) => said(good, (xml) => setAttribute(xml, CODE, 'Value', value)),
  ];
}

const success = (good: Parameters<Attack['build']>[0]) => samlp(good, 'StatusCode', '', `Value="${PREFIX}Success"`);

/** A response that is not a success, whatever it would like to be. */
export const statuses: readonly Attack[] = familyOf('status', [
  ...['Requester', 'Responder', 'VersionMismatch', 'AuthnFailed', 'PartialLogout', 'NoPassive'].map((code) =>
    top(code, PREFIX + code),
  ),
  top('without the prefix', 'Success'),
  top('in another case', `${PREFIX}success`),
  top('with a suffix', `${PREFIX}Success2`),
  top('of SAML 1', 'samlp:Success'),
  top('with white space', ` ${PREFIX}Success `),
  top('that is empty', ''),
  top('of another version', 'urn:oasis:names:tc:SAML:1.1:status:Success'),
  [
    'Success inside a refusal',
    'SAML_STATUS',
    (good) => said(good, (xml) => append(setAttribute(xml, CODE, 'Value', `${PREFIX}Responder`), CODE, success(good))),
  ],
  [
    'Success behind a refusal',
    'SAML_STATUS',
    (good) => said(good, (xml) => after(setAttribute(xml, CODE, 'Value', `${PREFIX}Responder`), CODE, success(good))),
  ],
  ['no Value', 'SAML_STATUS', (good) => said(good, (xml) => setAttribute(xml, CODE, 'Value', null))],
  ['no StatusCode', 'SAML_STRUCTURE', (good) => said(good, (xml) => remove(xml, CODE))],
  ['no Status', 'SAML_STRUCTURE', (good) => said(good, (xml) => remove(xml, 'Response/Status'))],
  [
    'two Status, the second a success',
    'SAML_STRUCTURE',
    (good) =>
      said(good, (xml) =>
        before(
          xml,
          'Response/Status',
          textOf(setAttribute(xml, CODE, 'Value', `${PREFIX}Responder`), 'Response/Status'),
        ),
      ),
  ],
  [
    'the Status in the assertion namespace',
    'SAML_STRUCTURE',
    (good) =>
      said(good, (xml) =>
        replace(xml, 'Response/Status', () => '<x:Status xmlns:x="urn:oasis:names:tc:SAML:2.0:assertion"></x:Status>'),
      ),
  ],
  [
    'a refusal in StatusMessage alone',
    'same',
    (good) => said(good, (xml) => append(xml, 'Response/Status', samlp(good, 'StatusMessage', 'denied &lt;b&gt;'))),
  ],
  [
    'a refusal without an assertion, its message full of markup',
    'SAML_STATUS',
    (good) =>
      append(
        setAttribute(remove(good.xml, 'Assertion'), CODE, 'Value', `${PREFIX}Responder`),
        'Response/Status',
        samlp(good, 'StatusMessage', '&lt;script&gt;alert(1)&lt;/script&gt;'),
      ),
  ],
  [
    'another version of the Response',
    'SAML_VERSION',
    (good) => said(good, (xml) => setAttribute(xml, 'Response', 'Version', '2.1')),
  ],
  [
    'a version with white space',
    'SAML_VERSION',
    (good) => said(good, (xml) => setAttribute(xml, 'Response', 'Version', ' 2.0')),
  ],
  [
    'no version of the Response',
    'SAML_VERSION',
    (good) => said(good, (xml) => setAttribute(xml, 'Response', 'Version', null)),
  ],
  [
    'another version of the assertion',
    'SAML_VERSION',
    (good) => said(good, (xml) => setAttribute(xml, 'Assertion', 'Version', '1.1')),
  ],
  [
    'no version of the assertion',
    'SAML_VERSION',
    (good) => said(good, (xml) => setAttribute(xml, 'Assertion', 'Version', null)),
  ],
  ['no ID of the Response', 'SAML_ID', ({ xml }) => setAttribute(xml, 'Response', 'ID', null)],
  ['an empty ID of the Response', 'SAML_ID', ({ xml }) => setAttribute(xml, 'Response', 'ID', '')],
  [
    'no ID of the assertion',
    'SAML_ID',
    (good) => said(good, (xml) => setAttribute(xml, 'Assertion', 'ID', null)),
    { applies: ({ signed }) => signed === 'response' },
  ],
  [
    'an empty ID that a Reference to # points at',
    'SIGNATURE_FORM',
    (good) => said(good, (xml) => setAttribute(xml, 'Assertion', 'ID', '')),
    { applies: ({ signed }) => signed !== 'response' },
  ],
  ['a Response called LogoutResponse', 'SAML_ROOT', ({ xml }) => swap(xml, /:Response(?=[ >])/g, ':LogoutResponse')],
  [
    'an unknown element in the Response',
    'SAML_STRUCTURE',
    (good) => said(good, (xml) => append(xml, 'Response', samlp(good, 'Evil'))),
  ],
  [
    'the status as text',
    'SAML_STRUCTURE',
    (good) => said(good, (xml) => setContent(xml, 'Response/Status', `${PREFIX}Success`)),
  ],
]);
