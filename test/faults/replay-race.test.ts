import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { rsaKeyPair } from '../support/pki.js';
import { startRedis } from '../support/redis.js';
import { signedResponse } from '../support/saml-response.js';
import { servePlace, startServe } from '../support/serve.js';

const POSTS = 10_000;
/** In milliseconds: on a busy machine of few cores the posts alone take minutes. */
const LONGEST = 600_000;

t.setTimeout(LONGEST);
const ACCOUNT_KEY = 'https://zivver.com/SAML/Attributes/ZivverAccountKey';

interface Answer {
  readonly status: number;
  readonly delivered: boolean;
}

function post(agent: Agent, url: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const delivered = Buffer.concat(chunks).toString('latin1').includes('name="SAMLResponse"');
        resolve({ status: response.statusCode ?? 0, delivered });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Where the busy machine has the store answer too late, which refuses a login too, a person tries again. */
async function insistent(agent: Agent, url: string, body: string): Promise<readonly Answer[]> {
  const answers = [await post(agent, url, body)];
  while (answers.at(-1)?.status === 503) {
    await setTimeout(1000);
    answers.push(await post(agent, url, body));
  }
  return answers;
}

t.test(
  'ten thousand posts of one good response, over two processes on one Redis, deliver it once',
  { timeout: LONGEST },
  async (t) => {
    const redis = await startRedis(t);
    const place = await servePlace(t, 2);
    const gateway = await startServe(
      t,
      {
        gateway: { store: redis.url, limits: { rate: { requests: 1_000_000, per: '1m' } } },
        idps: { okta: idpContent({ unsolicited: 'allow', clockSkew: '5m' }) },
        args: ['--processes', '2'],
      },
      place,
    );
    const acs = `${gateway.publicUrl}/saml/okta/acs`;
    const xml = await signedResponse(
      {
        now: Date.now(),
        issuer: 'https://idp.example.org/idp',
        audience: `${gateway.publicUrl}/saml/okta/metadata`,
        destination: acs,
        inResponseTo: null,
        nameId: 'anna@example.org',
        attributes: [{ name: ACCOUNT_KEY, values: ['key-of-anna'] }],
      },
      { key: rsaKeyPair(2048, 'idp').signingKey() },
    );
    const body = new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString('base64') }).toString();
    // Many connections, so that both processes get their share.
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    const answers = (await Promise.all(Array.from({ length: POSTS }, () => insistent(agent, acs, body)))).flat();
    agent.destroy();
    const late = answers.filter(({ status }) => status === 503).length;
    t.comment(`${late} answers of the store came too late`);
    t.equal(answers.filter(({ delivered }) => delivered).length, 1, 'delivered');
    t.equal(answers.filter(({ status }) => status === 200).length, 1);
    t.equal(answers.filter(({ status }) => status === 403).length, POSTS - 1, 'refused as a replay');
    t.equal(answers.length, POSTS + late, 'and nothing else');
  },
);
