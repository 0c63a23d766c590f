import { Visitor, type VisitedPage } from '../sandbox/index.js';
import { DEMO_DOMAIN, PEOPLE, setTheStage, type DemoStage } from './demo-setup.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import { untilStopped } from './signals.js';
import { untilUnread, type Terminal } from './terminal.js';

export interface DemoOptions {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly redis?: string;
}

/** What the demo found out by looking at Zivver's side. */
interface DemoFindings {
  readonly loginDelivered: boolean;
  /** The person had no account, and after the login exactly one. */
  readonly accountCreatedOnce: boolean;
  readonly secondLoginDelivered: boolean;
  readonly secondLoginWithoutSecondAccount: boolean;
  readonly domainKeySeenByServiceProvider: boolean;
}

/** The whole program against a sandbox. Status 1 where the login did not end as it should. */
export async function demo(options: DemoOptions, terminal: Terminal): Promise<ExitStatus> {
  const say = (line: string) => {
    if (options.json !== true) terminal.out(line);
  };
  say('Starting a test identity provider, a stand-in for Zivver, and the gateway between them …');
  const stopped = untilStopped('SIGHUP').then(() => null);
  const stage = await setTheStage(options.redis ?? null, terminal.env);
  try {
    const done = await Promise.race([logInTwice(stage, say), stopped]);
    if (done === null) throw new CommandFailure(1, 'The demo was stopped before the login was done.');
    const { findings, steps } = done;
    const ok = Object.values(findings).every(Boolean);
    if (options.json === true) terminal.out(JSON.stringify({ ok, ...findings, steps }, null, 2));
    else for (const line of summary(findings)) terminal.out(line);
    if (options.once !== true) {
      for (const line of links(stage)) say(line);
      await Promise.race([stopped, untilUnread(terminal)]);
    }
    return ok ? 0 : 1;
  } finally {
    await stage.close();
  }
}

async function logInTwice(
  stage: DemoStage,
  say: (line: string) => void,
): Promise<{ readonly findings: DemoFindings; readonly steps: readonly string[] }> {
  const [person] = PEOPLE;
  const steps: string[] = [];
  const tell = (title: string, page: VisitedPage) => {
    say(`\n${title}`);
    for (const line of page.trail) say(`  ${line}`);
    steps.push(...page.trail);
  };
  const accountsOf = () => stage.zivver.accounts().filter(({ userName }) => userName === person.email).length;
  const before = accountsOf();
  await logIn(stage, person.email, tell);
  const first = stage.zivver.logins().at(-1);
  const afterFirst = accountsOf();
  await logIn(stage, person.email, (title, page) => {
    tell(`Again: ${title}`, page);
  });
  const logins = stage.zivver.logins();
  return {
    findings: {
      loginDelivered: logins.length === 2 && first?.outcome === 'logged-in',
      accountCreatedOnce: before === 0 && afterFirst === 1,
      secondLoginDelivered: logins.at(-1)?.outcome === 'logged-in',
      secondLoginWithoutSecondAccount: accountsOf() === 1,
      domainKeySeenByServiceProvider: logins.every(({ domainKey }) => domainKey === 'right'),
    },
    steps,
  };
}

/** One person, one new browser. */
async function logIn(
  { zivver }: DemoStage,
  email: string,
  tell: (title: string, page: VisitedPage) => void,
): Promise<void> {
  const visitor = new Visitor();
  const query = new URLSearchParams({ email }).toString();
  const loginPage = await visitor.open(`${zivver.url}/login?${query}`);
  tell(`${email} asks Zivver for a login; Zivver asks the gateway, the gateway asks the identity provider:`, loginPage);
  const response = await visitor.submit(loginPage, { user: email });
  tell('The identity provider signs a response and hands it over through the browser:', response);
  const delivery = await visitor.submit(response);
  tell('The gateway verifies it, injects the DomainKey, signs anew, and sees to the account:', delivery);
  tell('Zivver verifies the response of the gateway and logs the person in:', await visitor.submit(delivery));
}

function* summary(findings: DemoFindings): Generator<string> {
  const line = (holds: boolean, text: string) => `${holds ? 'yes' : 'NO '}  ${text}`;
  yield '';
  yield line(findings.loginDelivered, 'the login was delivered');
  yield line(findings.domainKeySeenByServiceProvider, 'the service provider saw the right DomainKey');
  yield line(findings.accountCreatedOnce, 'the account was created, once');
  yield line(findings.secondLoginDelivered, 'a second login was delivered');
  yield line(findings.secondLoginWithoutSecondAccount, 'the second login made no second account');
}

function* links({ idp, zivver, gatewayUrl, operationsUrl }: DemoStage): Generator<string> {
  yield '';
  yield 'Still running, to be opened in a browser (end it with Ctrl-C):';
  yield `  Zivver's stand-in, to log in     ${zivver.url}`;
  yield `  the identity provider's tiles    ${idp.url}`;
  yield `  the gateway's metadata           ${gatewayUrl}/saml/metadata`;
  yield `  health                           ${operationsUrl}/healthz`;
  yield `  metrics                          ${operationsUrl}/metrics`;
  yield `The identity provider knows ${PEOPLE.map(({ email }) => email).join(' and ')} (domain ${DEMO_DOMAIN}).`;
}
