import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { generatedFiles } from './reference.js';

// Run by `npm run generate` from the top of the repository.
for (const [path, content] of generatedFiles()) {
  const file = resolve(path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
