import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml } from '../../shared/index.js';
import { ExpiringMap } from '../expiring-map.js';
import { generateSandboxKeyPair } from '../key-pair.js';
import { page, selfPostingPage, sendPage, type PageOwner } from '../page.js';
import { createSite, Later, openSite, orClose, parameter } from '../site.js';
import { acceptRequest, RequestRefused, type IncomingRequest } from './authn-request.js';
import { IdpEngine, type RegisteredApp } from './engine.js';
import type { SandboxIdp, SandboxIdpOptions } from './options.js';
import { displayNameOf } from './response.js';

const OWNER: PageOwner = { name: 'Test identity provider', accent: '#2457c5' };
const LOGIN_LIFETIME_MS = 600_000;

/** A login form that is open in a browser. */
interface PendingLogin {
  readonly app: RegisteredApp;
  readonly inResponseTo: string | null;
  readonly relayState: string | null;
}

interface Running {
  readonly engine: IdpEngine;
  readonly pending: ExpiringMap<PendingLogin>;
}

/**
 * Starts the test IdP: metadata at `/metadata`, single sign-on at `/sso` (Redirect and POST), tiles for IdP-initiated
 * sign-on at `/`. It asks at every sign-on, so ForceAuthn holds by itself; there is no password, only a choice of person.
 */
export async function startSandboxIdp(options: SandboxIdpOptions): Promise<SandboxIdp> {
  const keyPair = options.keyPair ?? (await generateSandboxKeyPair('Test identity provider', options.clock));
  const site = await createSite();
  const later = new Later<Running>();
  registerRoutes(site, later);
  const listening = await openSite(site, options);
  const url = options.publicUrl ?? listening;
  const engine = await orClose(site, () => new IdpEngine(options, url, keyPair));
  later.set({ engine, pending: new ExpiringMap(engine.clock, LOGIN_LIFETIME_MS) });
  return {
    url,
    entityId: engine.description.entityId,
    metadataUrl: `${url}/metadata`,
    metadataXml: engine.metadataXml,
    keyPair,
    registerApp: (app) => {
      engine.register(app);
    },
    issueResponse: (email, variation) => engine.issue(email, variation),
    close: () => site.close(),
  };
}

function registerRoutes(site: FastifyInstance, later: Later<Running>): void {
  site.get('/metadata', async (_request, reply) => {
    const { engine } = await later.ready;
    return reply.type('application/samlmetadata+xml').send(engine.metadataXml);
  });
  site.get('/', async (_request, reply) => sendPage(reply, 200, dashboard((await later.ready).engine)));
  site.get('/sso', async (request, reply) => {
    const samlRequest = parameter(request.query, 'SAMLRequest');
    const rawQuery = request.url.slice(request.url.indexOf('?') + 1);
    const relayState = parameter(request.query, 'RelayState');
    return signOn(await later.ready, reply, samlRequest, { binding: 'redirect', rawQuery }, relayState);
  });
  site.post('/sso', async (request, reply) => {
    const samlRequest = parameter(request.body, 'SAMLRequest');
    const relayState = parameter(request.body, 'RelayState');
    return signOn(await later.ready, reply, samlRequest, { binding: 'post', rawQuery: '' }, relayState);
  });
  site.get('/apps/:index', async (request, reply) => tile(await later.ready, request, reply));
  site.post('/login', async (request, reply) => finishLogin(await later.ready, request, reply));
}

async function signOn(
  running: Running,
  reply: FastifyReply,
  samlRequest: string | null,
  rest: Omit<IncomingRequest, 'samlRequest'>,
  relayState: string | null,
): Promise<FastifyReply> {
  if (samlRequest === null) return refuse(reply, 'There is no SAMLRequest, or more than one.');
  try {
    const { id, app } = await acceptRequest(running.engine, { ...rest, samlRequest });
    return await openLogin(running, reply, { app, inResponseTo: id, relayState });
  } catch (error) {
    if (error instanceof RequestRefused) return refuse(reply, error.message);
    throw error;
  }
}

function tile(running: Running, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const index = parameter(request.params, 'index');
  const app = running.engine.apps.find((_app, position) => String(position) === index);
  if (app === undefined) return refuse(reply, 'There is no such app.');
  return openLogin(running, reply, { app, inResponseTo: null, relayState: parameter(request.query, 'RelayState') });
}

function openLogin(running: Running, reply: FastifyReply, login: PendingLogin): FastifyReply {
  const id = running.engine.ids.samlId();
  running.pending.set(id, login);
  const people = [...running.engine.users.values()]
    .map(
      (user) =>
        `<button type="submit" name="user" value="${escapeHtml(user.email)}">${escapeHtml(displayNameOf(user))}<small>${escapeHtml(user.email)}</small></button>`,
    )
    .join('');
  const form = `<p>to continue to ${escapeHtml(login.app.label)}</p><form method="post" action="/login"><input type="hidden" name="login" value="${id}">${people}</form>`;
  return sendPage(reply, 200, page(OWNER, 'Sign in', form));
}

async function finishLogin(running: Running, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const user = running.engine.findUser(parameter(request.body, 'user') ?? '');
  if (user === undefined) return refuse(reply, 'There is no such person.');
  const login = running.pending.take(parameter(request.body, 'login') ?? '');
  if (login === undefined) return refuse(reply, 'This sign-in form is used or too old. Start again.');
  const issued = await running.engine.issue(user.email, {
    app: login.app.provider.entityId,
    ...(login.inResponseTo === null ? {} : { inResponseTo: login.inResponseTo }),
  });
  const fields = {
    SAMLResponse: issued.samlResponse,
    ...(login.relayState === null ? {} : { RelayState: login.relayState }),
  };
  return sendPage(reply, 200, selfPostingPage(OWNER, issued.acsUrl, fields));
}

function dashboard(engine: IdpEngine): string {
  const tiles = engine.apps
    .map((app, index) => `<a class="tile" href="/apps/${index}">${escapeHtml(app.label)}</a>`)
    .join('');
  return page(OWNER, 'Your apps', tiles === '' ? '<p>No app is registered.</p>' : tiles);
}

function refuse(reply: FastifyReply, reason: string): FastifyReply {
  return sendPage(reply, 400, page(OWNER, 'Sign-in not possible', `<p>${escapeHtml(reason)}</p>`));
}
