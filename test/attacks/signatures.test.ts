import { runFamilies } from './run-families.js';

await runFamilies(['exclusion', 'stranger', 'signature-value']);
