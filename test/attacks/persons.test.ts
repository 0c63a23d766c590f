import { runFamilies } from './run-families.js';

await runFamilies(['subject', 'condition']);
