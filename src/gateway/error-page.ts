import { errorTable, escapeHtml, type ErrorCode } from '../shared/index.js';
import type { Language } from './language.js';
import { messages, words } from './messages.js';
import { PAGE_TAIL, pageHead } from './page.js';

/** What an error page shows beside the fixed sentences. */
export interface ErrorPageFacts {
  /** The login's reference, to be read out to a service desk. */
  readonly reference: string;
  /** Where the person can begin again: an address from the configuration. */
  readonly startUrl?: string;
  /** What the IdP itself wrote for the person (saml-core §3.2.2.3 StatusMessage). */
  readonly idpMessage?: string;
}

/** An IdP's own message is shown up to this many characters: a sentence, not a page. */
const IDP_MESSAGE_LENGTH = 300;

/**
 * The page for a refusal or failure: one sentence, what to do, the reference. The code only chooses the sentence;
 * neither the code nor its detail is shown, since both would tell an attacker which check failed.
 */
export function renderErrorPage(code: ErrorCode, language: Language, facts: ErrorPageFacts): string {
  const kind = errorTable[code].public;
  const { title, happened, action } = messages[language][kind];
  const labels = words[language];
  const idpMessage =
    kind === 'identity-provider-refused' && facts.idpMessage !== undefined && facts.idpMessage.trim() !== ''
      ? `<p class="soft">${labels.idpSays}</p>\n<blockquote>${escapeHtml(shortened(facts.idpMessage.trim()))}</blockquote>\n`
      : '';
  const restart =
    kind === 'start-again' && facts.startUrl !== undefined
      ? `<p><a class="button" href="${escapeHtml(facts.startUrl)}" rel="noreferrer">${labels.restart}</a></p>\n`
      : '';
  return `${pageHead(language, title)}<p>${escapeHtml(happened)}</p>
${idpMessage}<p class="soft">${escapeHtml(action)}</p>
${restart}<dl><dt>${labels.reference}</dt><dd>${escapeHtml(facts.reference)}</dd></dl>
${PAGE_TAIL}`;
}

function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= IDP_MESSAGE_LENGTH ? text : `${characters.slice(0, IDP_MESSAGE_LENGTH).join('')}…`;
}
