import t from 'tap';
import { renderErrorPage } from '../../src/gateway/error-page.js';
import { messages } from '../../src/gateway/messages.js';
import { errorTable, type ErrorCode } from '../../src/shared/index.js';

const reference = 'ABCD-EFGH-JKMN';
const codes = Object.keys(errorTable) as ErrorCode[];

void t.test('every code has a page in both languages, with the reference and without a hint', (t) => {
  for (const code of codes) {
    for (const language of ['en', 'nl'] as const) {
      const page = renderErrorPage(code, language, { reference });
      const { title, happened, action } = messages[language][errorTable[code].public];
      for (const text of [reference, title, happened, action, `<html lang="${language}">`]) {
        t.ok(page.includes(text), `${code} ${language}: ${text}`);
      }
      t.notOk(page.includes(code), `${code} is not shown`);
      t.notOk(page.includes(errorTable[code].meaning), `the meaning of ${code} is not shown`);
      t.notMatch(page, /<script/i);
    }
  }
  t.end();
});

void t.test('what the IdP says is shown escaped and short, and only where the IdP refused', (t) => {
  const idpMessage = `<b>"no"</b>${'x'.repeat(400)}`;
  const page = renderErrorPage('SAML_STATUS', 'en', { reference, idpMessage });
  t.ok(page.includes('&lt;b&gt;&quot;no&quot;&lt;/b&gt;'));
  t.notOk(page.includes('x'.repeat(300)));
  t.notOk(renderErrorPage('SIGNATURE_INVALID', 'en', { reference, idpMessage: 'hello' }).includes('hello'));
  t.end();
});

void t.test('where the login can be begun again, there is a link to the start', (t) => {
  const startUrl = 'https://app.example/?a=1&b="2"';
  const page = renderErrorPage('LOGIN_BROWSER_UNBOUND', 'nl', { reference, startUrl });
  t.ok(page.includes('href="https://app.example/?a=1&amp;b=&quot;2&quot;"'));
  t.ok(page.includes('Opnieuw beginnen'));
  t.notMatch(renderErrorPage('LOGIN_BROWSER_UNBOUND', 'nl', { reference }), /<a /);
  t.notMatch(renderErrorPage('SIGNATURE_INVALID', 'nl', { reference, startUrl }), /<a /);
  t.end();
});
