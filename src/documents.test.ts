/** What the documents say that can be looked up: links, verbs, scripts, the story and its digest. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createProgram } from './cli/program.ts';
import { storySettings } from './contract/index.ts';
import { createHostProgram, formatDigest } from './firmware/index.ts';
import { shippedModel, shippedPrograms } from './node/index.ts';
import { quantize } from './quantize/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const words = (text: string): string => text.split(/\s+/).join(' ');
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n');

describe('documents', () => {
  it('link to files that are there', () => {
    const broken = documents.flatMap((document) =>
      [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !existsSync(join(root, dirname(document), target)))
        .map((target) => `${document}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('name npm scripts and verbs that there are', () => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const document of documents.filter((name) => name !== 'CHANGELOG.md'))
      for (const [, script] of read(document).matchAll(/npm run (?:--silent )?([a-z][\w:]*\w)/g))
        expect(Object.keys(scripts), `${document}: npm run ${script}`).toContain(script);
    const verbs = new Set(createProgram().commands.map((command) => command.name()));
    for (const document of documents)
      for (const [, verb] of read(document).matchAll(/npx esp32-llm ([a-z]+)\b/g))
        expect([...verbs], `${document}: esp32-llm ${verb}`).toContain(verb);
  });

  it('README shows the story that the program tells to its end, and its digest', () => {
    const { temperature, topp, penalty } = storySettings;
    const [prompt, seed] = ['Once upon a time', 42];
    const shown = words(read('README.md'));
    const { model, tokenizer } = shippedModel();
    const context = Number(/KV cache [\d.]+ KB for (\d+) tokens/.exec(shown)![1]);
    const host = createHostProgram({ programs: shippedPrograms, model: quantize(model), tokenizer, context });
    host.type(
      [`/temp ${temperature}`, `/topp ${topp}`, `/penalty ${penalty}`, `/seed ${seed}`, prompt, ''].join(
        '\r',
      ),
    );
    host.settle();
    const { tokens, status } = host;
    const pieces = [...tokens].map((token, i) => tokenizer.decode(tokens[i - 1] ?? 1, token));
    expect(shown).toContain(words(`> ${prompt} ${Buffer.concat(pieces).toString().trim()}`));
    expect(shown.split(formatDigest(status.digest)).length - 1).toBe(2);
    expect(shown).toContain(
      `> /temp ${temperature} temperature ${temperature} > /topp ${topp} top-p ${topp} > /penalty ${penalty} repetition penalty ${penalty} > /seed ${seed}`,
    );
  });
});
