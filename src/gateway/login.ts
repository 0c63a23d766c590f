import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatTraceparent } from '../observe/index.js';
import type { LoginFacts, Submission } from '../provisioning/index.js';
import {
  decodePostMessage,
  receiveResponse,
  transform,
  type AuthnRequestRecord,
  type OutgoingResponse,
  type VerifiedLogin,
} from '../saml/index.js';
import { GatewayError } from '../shared/index.js';
import { cookiePolicy, isBoundTo, readBrowserSecret } from './browser-cookie.js';
import type { RequestContext } from './context.js';
import type { Crowd } from './crowd.js';
import { sendBrowserForm, type BrowserForm } from './delivery/browser.js';
import { postThroughProxy, type SendAnswer } from './delivery/proxy.js';
import type { Form } from './form.js';
import { recordDelivery } from './outcome.js';
import { RequestVault } from './request-vault.js';
import type { GatewayDeps, LoginRoute } from './runtime.js';
import { countingFailure } from './store-failure.js';

/** A response that was posted, and through which IdP it is to be judged. */
export interface PostedResponse {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly route: LoginRoute;
  readonly form: Form;
  /** Those of this server, to be one of them. */
  readonly crowd: Crowd;
}

/**
 * The way of one login. Each line is a step; the times of the steps are the metrics' and the trace's. Whatever a step
 * throws ends the login before anything is delivered or queued.
 */
export async function completeLogin(deps: GatewayDeps, posted: PostedResponse): Promise<FastifyReply> {
  const { steps } = posted.request.gateway;
  const ready = await posted.crowd.during(() => exchanged(deps, posted));
  const { login, outgoing } = ready;
  const submission = await steps.run('enqueue', () => enqueue(deps, posted, outgoing));
  const answer = await steps.run('deliver', () => deliver(posted, ready));
  await recordDelivery(deps, posted.request.gateway, { login, outgoing, submission });
  return answer();
}

/** Our response in exchange for the IdP's. */
async function exchanged(deps: GatewayDeps, posted: PostedResponse): Promise<Ready> {
  const { steps } = posted.request.gateway;
  const { bytes, relayState } = await steps.run('decode', () => decode(posted));
  const login = await steps.run('parse', () => receive(deps, posted, bytes)); // and verify, validate
  await steps.run('claim', () => claimOnce(deps, posted, login));
  const outgoing = await steps.run('inject', () => reissued(deps, posted, login)); // and reissue, sign
  return { login, outgoing, relayState };
}

function decode({ request, form }: PostedResponse): { bytes: Uint8Array; relayState: string | null } {
  const { limits } = request.gateway.runtime;
  return {
    bytes: decodePostMessage(form.message('SAMLResponse'), limits.messageBytes),
    relayState: form.relayState(),
  };
}

async function receive(
  deps: GatewayDeps,
  { request, route }: PostedResponse,
  bytes: Uint8Array,
): Promise<VerifiedLogin> {
  const { runtime, steps } = request.gateway;
  const vault = new RequestVault(runtime, deps.metrics);
  const login = await receiveResponse(bytes, route.idp, route.sp, {
    now: deps.clock.now(),
    limits: runtime.limits.xml,
    findRequest: (id) => vault.find(id),
    onStage: steps.onStage,
  });
  request.gateway.verified = login;
  if (login.request !== null) checkBrowser(request, login.request);
  return login;
}

/** An SP-initiated login must end in the browser that began it. */
function checkBrowser(request: FastifyRequest, record: AuthnRequestRecord): void {
  const { runtime } = request.gateway;
  const secret = readBrowserSecret(request.headers.cookie, cookiePolicy(runtime.publicUrl));
  if (secret === null) {
    if (runtime.missingCookie === 'allow') return;
    throw new GatewayError('LOGIN_BROWSER_UNBOUND', 'The browser sent no cookie of ours.');
  }
  if (!isBoundTo(secret, record.browserBinding)) {
    throw new GatewayError('LOGIN_BROWSER_UNBOUND', 'The browser sent the cookie of another login.');
  }
}

/** The assertion first, then the request that it answers: of two copies of one response neither uses up the other's. */
async function claimOnce(deps: GatewayDeps, { request }: PostedResponse, login: VerifiedLogin): Promise<void> {
  const { runtime } = request.gateway;
  const first = await countingFailure(deps.metrics, 'claim_once', () =>
    runtime.store.claimOnce(login.replayKey, login.replayExpiresAt),
  );
  if (!first) throw new GatewayError('SAML_REPLAYED');
  if (login.request !== null && !(await new RequestVault(runtime, deps.metrics).use(login.request.id))) {
    throw new GatewayError('SAML_IN_RESPONSE_TO_UNKNOWN', 'Another response to the same request came first.');
  }
}

function reissued(
  deps: GatewayDeps,
  { request, route, crowd }: PostedResponse,
  login: VerifiedLogin,
): Promise<OutgoingResponse> {
  return transform(login, route, {
    now: deps.clock.now(),
    ids: deps.ids,
    random: deps.random,
    alone: crowd.isOfOne,
    onStage: request.gateway.steps.onStage,
  });
}

/** On the queue before the person is handed on; a queue and a spool that both fail refuse the login. */
async function enqueue(
  deps: GatewayDeps,
  { request, route }: PostedResponse,
  outgoing: OutgoingResponse,
): Promise<Submission> {
  const { account } = route;
  const facts = loginFacts(deps, request.gateway, route, outgoing);
  const submission = await account.provisioner.submit(facts);
  deps.metrics.provisioningDecision(submission.action === 'skip' ? submission.reason : submission.action);
  // What Zivver itself creates, it creates when the login arrives; and a spooled job is in nobody's hands yet.
  if (submission.action === 'create' && submission.spooled !== true && account.waitForAccount > 0) {
    await waitForAccount(deps, request, account, facts);
  }
  return submission;
}

/** The job is safe already, so nothing that goes wrong here may keep the person from going on. */
async function waitForAccount(
  deps: GatewayDeps,
  request: FastifyRequest,
  account: LoginRoute['account'],
  facts: LoginFacts,
): Promise<void> {
  const since = deps.elapsed();
  try {
    const result = await account.provisioner.waitForAccount(facts, account.waitForAccount);
    deps.metrics.provisioningWait(result, deps.elapsed() - since);
  } catch (error) {
    request.log.warn({ err: error }, 'could not wait for the account');
  }
}

function loginFacts(
  deps: GatewayDeps,
  context: RequestContext,
  { idp, account }: LoginRoute,
  outgoing: OutgoingResponse,
): LoginFacts {
  const valueOf = (name: string) =>
    outgoing.attributesOut.find((attribute) => attribute.name === name)?.values[0] ?? null;
  return {
    mode: account.mode,
    tenant: account.tenant,
    domain: account.domain,
    idp: idp.name,
    address: outgoing.nameId,
    accountKey: valueOf(account.accountKeyAttribute),
    displayName: valueOf(account.displayNameAttribute),
    reference: context.reference,
    at: deps.clock.now(),
    ...(context.span.context === null ? {} : { traceparent: formatTraceparent(context.span.context) }),
  };
}

interface Ready {
  readonly login: VerifiedLogin;
  readonly outgoing: OutgoingResponse;
  readonly relayState: string | null;
}

async function deliver({ request, reply, route }: PostedResponse, ready: Ready): Promise<SendAnswer> {
  const { runtime, language } = request.gateway;
  const form = deliveryForm(route, ready);
  return route.delivery.kind === 'browser'
    ? () => sendBrowserForm(reply, form, language)
    : postThroughProxy(reply, form, { runtime, target: route.delivery.target });
}

function deliveryForm(route: LoginRoute, { login, outgoing, relayState }: Ready): BrowserForm {
  const asked = login.request?.acsUrl;
  return {
    // An ACS that the SP's request named and its list allows goes before the configured one.
    action: asked === undefined || asked === route.sp.acsUrls[0] ? route.deliverTo : asked,
    parameter: 'SAMLResponse',
    message: outgoing.base64,
    // saml-bindings §3.5.3: the RelayState of the SP's request comes back to it. Without one, the IdP's is carried on.
    relayState: login.request === null ? relayState : login.request.relayState,
  };
}
