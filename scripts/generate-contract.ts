/** Writes what follows from src/contract: device/contract/*.ts and docs/contract.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { generatedFiles } from '../src/contract/render/index.ts';

mkdirSync('device/contract', { recursive: true });
for (const [path, text] of generatedFiles()) writeFileSync(path, text);
