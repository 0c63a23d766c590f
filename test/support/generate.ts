import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedTexts } from './generated.js';
import { projectRoot } from './project.js';

// `npm run generate`: writes every text of the repository that is made from the code.
for (const [path, content] of generatedTexts()) {
  const file = join(projectRoot, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
