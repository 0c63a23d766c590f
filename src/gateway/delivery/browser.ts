import type { FastifyReply } from 'fastify';
import { escapeHtml } from '../../shared/index.js';
import type { Language } from '../language.js';
import { words } from '../messages.js';
import { PAGE_TAIL, contentSecurityPolicy, inlineSource, pageHead } from '../page.js';

/** A message that the browser carries to the other side (saml-bindings §3.5.4). */
export interface BrowserForm {
  /** Where the form goes; always from configuration or metadata, never from the request. */
  readonly action: string;
  readonly parameter: 'SAMLResponse' | 'SAMLRequest';
  /** base64: it holds no character that HTML would need escaped. */
  readonly message: string;
  readonly relayState: string | null;
}

const SCRIPT = 'document.forms[0].submit()';
const SCRIPT_SOURCE = inlineSource(SCRIPT);

/** The page up to the form's action: the same for every login in one language. */
const opening: Readonly<Record<Language, string>> = { en: openingOf('en'), nl: openingOf('nl') };
const closing: Readonly<Record<Language, string>> = { en: closingOf('en'), nl: closingOf('nl') };

function openingOf(language: Language): string {
  return `${pageHead(language, words[language].continuing)}<p>${words[language].continueHint}</p>\n<form method="post" action="`;
}

function closingOf(language: Language): string {
  // The button stays in sight: it is the way on without JavaScript, and when the other side is slow to answer.
  return `<button class="button" type="submit">${words[language].continueButton}</button>\n</form>\n<script>${SCRIPT}</script>\n${PAGE_TAIL}`;
}

/** The self-submitting page. Concatenation only: the message is the one long part and is not looked at. */
export function renderBrowserForm(form: BrowserForm, language: Language): string {
  const relayState =
    form.relayState === null ? '' : `<input type="hidden" name="RelayState" value="${escapeHtml(form.relayState)}">\n`;
  return `${opening[language]}${escapeHtml(form.action)}">\n<input type="hidden" name="${form.parameter}" value="${form.message}">\n${relayState}${closing[language]}`;
}

/**
 * Answers with the self-submitting page.
 *
 * A response may go to the SP's origin only. A request may be redirected on by an IdP that federates further (saml-bindings
 * leaves that to it), and Chromium holds `form-action` against redirects too; so there the scheme alone is pinned.
 */
export function sendBrowserForm(reply: FastifyReply, form: BrowserForm, language: Language): FastifyReply {
  const target = new URL(form.action);
  const formAction = form.parameter === 'SAMLResponse' ? target.origin : target.protocol;
  return reply
    .code(200)
    .header('content-security-policy', contentSecurityPolicy({ script: SCRIPT_SOURCE, formAction }))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(renderBrowserForm(form, language));
}
