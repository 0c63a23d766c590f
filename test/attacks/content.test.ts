import { runFamilies } from './run-families.js';

await runFamilies(['time', 'addressing', 'status']);
