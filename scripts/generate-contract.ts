/** Writes what follows from src/contract: device/contract/*.ts and docs/contract.md. */
import { generatedFiles } from '../src/contract/render/index.ts';
import { isMain, type Outputs, writeOutputs } from './generated.ts';

export const outputs = (): Outputs => new Map(generatedFiles());

if (isMain(import.meta.url)) writeOutputs(outputs());
