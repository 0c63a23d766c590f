import { Agent, request } from 'node:http';
import autocannon, { type Request } from 'autocannon';
import { median } from '../measure.js';
import type { BenchGateway } from './place.js';
import { processorTime } from './process-figures.js';
import { ACS_PATH } from './signing.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Forms that nobody has sent yet: a gateway takes each one once. */
export class Forms {
  readonly #forms: readonly Buffer[];
  #sent = 0;

  constructor(forms: readonly Buffer[]) {
    this.#forms = forms;
  }

  next(): Buffer {
    const form = this.#forms[this.#sent++];
    if (form === undefined) throw new Error('All forms are used up.');
    return form;
  }
}

export interface Saturation {
  /** Logins per second with every connection busy. */
  readonly rate: number;
  /** Milliseconds of all threads of the gateway, for one login. */
  readonly processor: number;
  /** The same of the load generator. */
  readonly generator: number;
}

/** Every connection sends its next login as soon as it has the answer to the one before. */
export async function saturate(
  gateway: BenchGateway,
  forms: Forms,
  { connections = 16, warm, count }: { readonly connections?: number; readonly warm: number; readonly count: number },
): Promise<Saturation> {
  const everyone = () => ({
    at: performance.now(),
    gateway: processorTime(gateway.pids),
    generator: processorTime([process.pid]),
  });
  let answered = 0;
  let [from, to] = [everyone(), everyone()];
  const login: Request = {
    method: 'POST',
    path: ACS_PATH,
    headers: FORM,
    setupRequest: (template) => ({ ...template, body: forms.next() }),
  };
  const { errors, non2xx } = await autocannon({
    url: gateway.url,
    connections,
    amount: warm + count,
    timeout: 30,
    requests: [login],
    setupClient: (client) => {
      client.on('response', () => {
        answered += 1;
        if (answered === warm) from = everyone();
        if (answered === warm + count) to = everyone();
      });
    },
  });
  if (errors + non2xx > 0) throw new Error(`${non2xx} logins were refused, ${errors} got no answer`);
  return {
    rate: (count / (to.at - from.at)) * 1000,
    processor: (to.gateway - from.gateway) / count,
    generator: (to.generator - from.generator) / count,
  };
}

/** Milliseconds from sending to the last byte of the answer. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
}

/** One login after the other on one connection. */
export async function oneByOne(gateway: BenchGateway, forms: Forms, count: number): Promise<Latency> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let at = 0; at < count; at++) times.push(await logIn(agent, gateway, forms.next()));
  agent.destroy();
  return latencyOf(times);
}

/**
 * Logins at random moments (a Poisson process, as independent people are), so many a second on average, whether or not
 * those before are answered. autocannon cannot: it sends a second's share at once and then waits for the next second.
 */
export async function atRate(gateway: BenchGateway, forms: Forms, rate: number, count: number): Promise<Latency> {
  const agent = new Agent({ keepAlive: true });
  const under: Promise<number>[] = [];
  let due = performance.now();
  while (under.length < count) {
    due -= (Math.log(1 - Math.random()) / rate) * 1000;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    under.push(logIn(agent, gateway, forms.next()));
  }
  const times = await Promise.all(under);
  agent.destroy();
  return latencyOf(times);
}

function logIn(agent: Agent, { url }: BenchGateway, form: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const headers = { ...FORM, 'content-length': form.length };
    const sent = request(`${url}${ACS_PATH}`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(performance.now() - from);
        else reject(new Error(`a login was answered with ${answer.statusCode ?? 'nothing'}`));
      });
    });
    sent.on('error', reject);
    sent.end(form);
  });
}

function latencyOf(times: readonly number[]): Latency {
  const sorted = times.toSorted((left, right) => left - right);
  return { median: median(sorted), p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN };
}
