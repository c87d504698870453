import { assemblyScriptFiles } from './assemblyscript.ts';
import { contractPage } from './page.ts';

/** Every file of the repository that is generated from the contract, by path. */
export function generatedFiles(): Map<string, string> {
  return new Map([
    ...[...assemblyScriptFiles()].map(([name, text]) => [`device/contract/${name}`, text] as const),
    ['docs/contract.md', contractPage()],
  ]);
}
