import { join } from 'node:path';
import t from 'tap';
import { createEmbeddedStore } from '../../src/state/index.js';
import { NOW } from '../support/saml-parties.js';
import { temporaryDirectory } from '../support/temporary.js';
import { runFamilies } from './run-families.js';

const directory = await temporaryDirectory(t);
const store = createEmbeddedStore({ path: join(directory, 'state'), clock: { now: () => NOW } });
t.teardown(() => store.close());
await runFamilies(['replay'], store);
