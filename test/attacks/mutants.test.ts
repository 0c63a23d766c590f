import fc from 'fast-check';
import t from 'tap';
import { receiveResponse, type VerifiedLogin } from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { mutators } from '../fuzz/mutate.js';
import { Random } from '../fuzz/random.js';
import { statementOf } from '../fuzz/targets.js';
import { testContext, testSp } from '../support/saml-parties.js';
import { goodResponse, receiver } from './good-responses.js';

const LEVELS = ['octets', 'tokens', 'elements'] as const;

function receive(bytes: Uint8Array): Promise<VerifiedLogin> {
  return receiveResponse(bytes, receiver('rsa'), testSp(), testContext());
}

for (const [index, level] of LEVELS.entries()) {
  t.test(`a response whose ${level} were changed is refused with a code, or says what was signed`, async (t) => {
    const mutator = mutators[index];
    if (mutator === undefined) throw new Error('There is no such level.');
    let accepted = 0;
    for (const signed of ['response', 'assertion', 'both'] as const) {
      const original = Buffer.from((await goodResponse('okta', signed, 'rsa')).xml);
      const other = Buffer.from((await goodResponse('keycloak', signed, 'ecdsa')).xml);
      const said = statementOf(await receive(original));
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer(), { minLength: 1, maxLength: 3 }), async (seeds) => {
          const mutant = seeds.reduce<Buffer>((current, seed) => mutator(current, new Random(seed), other), original);
          const verdict = await receive(mutant).catch((error: unknown) => error);
          if (verdict instanceof GatewayError) return;
          if (verdict instanceof Error) throw verdict;
          accepted++;
          if (statementOf(verdict as VerifiedLogin) !== said) throw new Error(`accepted: ${mutant.toString('utf8')}`);
        }),
        { numRuns: 400 },
      );
    }
    t.ok(accepted > 0, `${accepted} of 1200 were accepted, and said the same`);
  });
}
