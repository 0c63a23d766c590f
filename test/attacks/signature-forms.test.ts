import { runFamilies } from './run-families.js';

await runFamilies(['reference', 'algorithm', 'signed-info']);
