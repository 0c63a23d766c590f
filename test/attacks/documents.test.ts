import { runFamilies } from './run-families.js';

await runFamilies(['namespace', 'lexical', 'doctype', 'encoding', 'transport', 'form']);
