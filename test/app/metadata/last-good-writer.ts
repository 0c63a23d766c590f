import { LastGoodStore } from '../../../src/app/metadata/last-good.js';
import { documentOf, recordOf } from './last-good-documents.js';

// A process that writes one document after the other until it is killed.
const store = new LastGoodStore(process.argv[2] ?? '', 'okta');
process.stdout.write('writing\n');
for (let round = 0; ; round += 1) await store.save(recordOf(round), documentOf(round));
