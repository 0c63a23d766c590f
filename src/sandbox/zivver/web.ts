import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml } from '../../shared/index.js';
import { page, selfPostingPage, sendPage, type PageOwner } from '../page.js';
import { parameter, type Later } from '../site.js';
import { domainOf, type ZivverAccount } from './accounts.js';
import { createAuthnRequest } from './authn-request.js';
import { ACS_PATH, METADATA_PATH, SESSION_LIFETIME_MS, type StandInEngine } from './engine.js';
import { answerFaultily } from './faulty-answer.js';
import { codeAndMessage, json, type Answer } from './scim.js';

const OWNER: PageOwner = { name: 'Stand-in for Zivver', accent: '#c2410c' };
const COOKIE = 'zivver_stand_in';

/** The browser's side: the login page, the start of a login, the assertion consumer service. */
export function registerWeb(site: FastifyInstance, later: Later<StandInEngine>): void {
  site.get('/', async (request, reply) => home(await later.ready, request, reply));
  site.get(METADATA_PATH, async (_request, reply) =>
    reply.type('application/samlmetadata+xml').send((await later.ready).metadataXml),
  );
  site.get('/login', async (request, reply) => startLogin(await later.ready, request, reply));
  site.post(ACS_PATH, async (request, reply) => consume(await later.ready, request, reply));
  site.post('/logout', async (request, reply) => {
    const { sessions } = await later.ready;
    sessions.take(cookieOf(request));
    return reply.redirect('/', 303);
  });
}

function home(engine: StandInEngine, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const address = engine.sessions.get(cookieOf(request));
  const account = address === undefined ? undefined : engine.accounts.findByAddress(address);
  if (account !== undefined) return sendPage(reply, 200, welcome(account));
  const form =
    '<form method="get" action="/login"><label for="email">E-mail address</label>' +
    '<input type="email" id="email" name="email" required autofocus><button type="submit">Continue</button></form>';
  return sendPage(reply, 200, page(OWNER, 'Log in', form));
}

function welcome(account: ZivverAccount): string {
  return page(
    OWNER,
    `Logged in as ${account.userName}`,
    `<p>${escapeHtml(account.displayName)}</p><p><small>Account ${escapeHtml(account.id)}, ${escapeHtml(account.origin)}</small></p><form method="post" action="/logout"><button type="submit">Log out</button></form>`,
  );
}

function startLogin(engine: StandInEngine, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const address = (parameter(request.query, 'email') ?? '').trim();
  const { idp } = engine;
  // Zivver then asks for a password, as if single sign-on were off (observed).
  if (idp === null || domainOf(address) !== engine.domain) return askPassword(reply, address);
  const relayState = parameter(request.query, 'RelayState');
  const outgoing = createAuthnRequest(engine.sp, idp, {
    binding: engine.options.request?.binding ?? 'redirect',
    keyPair: engine.requestKey,
    relayState,
  });
  engine.requests.set(outgoing.id, true);
  if (outgoing.binding === 'redirect') return reply.redirect(outgoing.url, 302);
  const fields = {
    SAMLRequest: outgoing.samlRequest,
    ...(relayState === null ? {} : { RelayState: relayState }),
  };
  return sendPage(reply, 200, selfPostingPage(OWNER, outgoing.url, fields));
}

async function consume(engine: StandInEngine, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const perform = (): Promise<Answer> => consumeResponse(engine, request);
  const path = ACS_PATH;
  const fault = engine.misbehaviour.faultFor({ operation: 'acs', method: 'POST', path, body: '' });
  if (fault !== null) {
    await answerFaultily(reply, fault, { perform, budget: engine.budget, closing: engine.closing });
    return reply;
  }
  const answer = await perform();
  if (answer.headers['content-type']?.startsWith('text/html') === true)
    return sendPage(reply, answer.status, answer.body);
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

async function consumeResponse(engine: StandInEngine, request: FastifyRequest): Promise<Answer> {
  const samlResponse = parameter(request.body, 'SAMLResponse');
  if (samlResponse === null) return codeAndMessage(400, 'HTTP 400 Bad Request');
  const relayState = parameter(request.body, 'RelayState');
  const result = await engine.desk.login(engine.check, samlResponse, relayState);
  // The documented errors are JSON with the key error; their status is not public.
  if (result.outcome === 'refused') return json(400, { error: result.reason });
  if (result.outcome === 'password-required') {
    return { status: 200, headers: { 'content-type': 'text/html' }, body: passwordPage(result.account.userName) };
  }
  const session = engine.ids.samlId();
  engine.sessions.set(session, result.account.userName);
  return {
    status: 303,
    headers: {
      location: localTarget(relayState, engine.url),
      // No Secure: the sandbox speaks HTTP on loopback.
      'set-cookie': `${COOKIE}=${session}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${SESSION_LIFETIME_MS / 1000}`,
    },
    body: '',
  };
}

function askPassword(reply: FastifyReply, address: string): FastifyReply {
  return sendPage(reply, 200, passwordPage(address));
}

function passwordPage(address: string): string {
  return page(
    OWNER,
    'Password required',
    `<p>${escapeHtml(address)}</p><p>Please enter your password in order to start using Zivver. You will only have to do this once.</p>`,
  );
}

/** RelayState may name a page of this site; anything else would make an open redirect of it. */
function localTarget(relayState: string | null, url: string): string {
  if (relayState === null || !/^(\/|https?:)/.test(relayState) || !URL.canParse(relayState, url)) return '/';
  const target = new URL(relayState, url);
  return target.origin === new URL(url).origin ? target.pathname + target.search : '/';
}

function cookieOf(request: FastifyRequest): string {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
}
