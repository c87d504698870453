/** All files of the ESP-IDF component for one model. */
import { formats, mostWords } from '../contract/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { UsageError } from '../errors.ts';
import { LINE_BYTES, VERSION } from '../firmware/index.ts';
import { piecesOf, type Tokenizer } from '../model/index.ts';
import type { QuantizedModel } from '../quantize/index.ts';
import { contractValues } from './contract.ts';
import { ALIGNMENT, type ComponentLayout, layOutComponent } from './layout.ts';
import { compileComponent } from './program.ts';
import { componentSource } from './source.ts';
import { fillTemplates, type Templates, type Values } from './template.ts';
import { packWeights, type WeightsImage, weightsSource } from './weights.ts';

export interface ComponentOptions {
  programs: DevicePrograms;
  /** Its files that are nearly the same for every model: those of src/idf/template/. */
  templates: Templates;
  /** Text of the licence that goes with it. */
  license: string;
  model: QuantizedModel;
  tokenizer: Tokenizer;
  /** For comments and the README. */
  modelName?: string;
  /** Positions; default: the model's. */
  context?: number;
  /** Two pinned tasks, or one; default 2. */
  cores?: 1 | 2;
  /** Packed (`compileGrammar`): written as a C array, for `generate` to be given. */
  grammar?: Uint8Array;
  /** A partition of their own that is mapped at run time (default), or a part of the application. */
  weights?: 'partition' | 'embedded';
}

/** Contents by path. */
export type Files = Map<string, string | Uint8Array>;

export interface Component {
  files: Files;
  layout: ComponentLayout;
  weights: WeightsImage;
  context: number;
  /** What the templates are filled in with. */
  values: Values;
}

/** Partitions of data begin at multiples of this. */
const PARTITION_UNIT = 0x10000;

/** Builds the component. */
export function buildComponent(options: ComponentOptions): Component {
  const { programs, model, tokenizer, cores = 2, weights: place = 'partition' } = options;
  if (formats[model.precision].arithmetic !== 'fixed')
    throw new UsageError('the ESP-IDF component holds int8 and int4 models only.');
  const context = options.context ?? model.config.context;
  if (!Number.isInteger(context) || context < 1 || context > model.config.context) {
    throw new UsageError(
      `a context of ${context} positions is not between 1 and the model's ${model.config.context}.`,
    );
  }
  const weights = packWeights(model, tokenizer);
  const layout = layOutComponent(model, tokenizer, context, weights);
  if (layout.words.length > mostWords) throw new Error('internal: esp32_llm_words is too short');
  const { kernels, program } = compileComponent({ programs, model, context, cores, layout, tokenizer });
  const values = valuesOf(options, { context, cores, place, weights, layout });
  const files: Files = new Map([
    ...fillTemplates(options.templates, 'component', values),
    ['LICENSE', options.license],
    [
      'kernels.S',
      componentSource(kernels, 'Matrix, attention and activation kernels for the vector unit (PIE).'),
    ],
    ['program.S', componentSource(program, 'Transformer, tokenizer and sampler.')],
    ['weights.bin', weights.bytes],
  ] as [string, string | Uint8Array][]);
  if (options.grammar) files.set('include/esp32_llm_grammar.h', grammarHeader(options.grammar));
  if (place === 'embedded') files.set('weights.S', weightsSource(weights.bytes));
  return { files, layout, weights, context, values };
}

const WORDS_A_LINE = 8;

function grammarHeader(packed: Uint8Array): string {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const words = Array.from(
    { length: packed.length / 4 },
    (_, i) => `0x${view.getUint32(4 * i, true).toString(16)}u`,
  );
  const lines = words.flatMap((_, i) =>
    i % WORDS_A_LINE === 0 ? [`    ${words.slice(i, i + WORDS_A_LINE).join(', ')},`] : [],
  );
  return `/* What a story may say: \`grammar\` of the options of esp32_llm_generate(). Packed for this component's vocabulary by esp32-llm ${VERSION}. */
#pragma once

#include <stdint.h>

static const uint32_t esp32_llm_grammar[${words.length}] = {
${lines.join('\n')}
};
`;
}

interface Decided {
  context: number;
  cores: 1 | 2;
  place: 'partition' | 'embedded';
  weights: WeightsImage;
  layout: ComponentLayout;
}

function valuesOf(options: ComponentOptions, { context, cores, place, weights, layout }: Decided): Values {
  const { config } = options.model;
  const modelName = (options.modelName ?? 'unnamed').replace(/[^\w.+ -]/g, '_');
  return {
    VERSION,
    MODEL: modelName,
    DIM: config.dim,
    LAYERS: config.layers,
    HEADS: config.heads,
    VOCABULARY: config.vocabulary,
    CONTEXT: context,
    PRECISION: options.model.precision,
    LANES: layout.lanes === 0 ? '' : LANES_NOTE.replace('N', String(layout.lanes)),
    CORES: cores,
    MODEL_LEVEL: encodeURIComponent(modelName),
    LONGEST_PROMPT: LINE_BYTES,
    LONGEST_PIECE: Math.max(...piecesOf(options.tokenizer).vocabulary.map(({ length }) => length)),
    ALIGNMENT,
    WORKING_BYTES: layout.workingBytes,
    CACHE_BYTES: layout.cacheBytes,
    MEMORY_BYTES: layout.workingBytes + layout.cacheBytes,
    WEIGHTS_BYTES: weights.bytes.length,
    WEIGHTS_CHECKSUM: `0x${weights.checksum.toString(16).padStart(8, '0')}u`,
    WEIGHTS_DEFAULT: place === 'embedded' ? 'ESP32_LLM_WEIGHTS_EMBEDDED' : 'ESP32_LLM_WEIGHTS_PARTITION',
    EMBEDDED_CHOICE: place === 'embedded' ? EMBEDDED_CHOICE : '',
    PARTITION_BYTES: `0x${(Math.ceil(weights.bytes.length / PARTITION_UNIT) * PARTITION_UNIT).toString(16)}`,
    ...contractValues(),
    WORD_COUNT: layout.words.length,
    PLACES: layout.words
      .map(({ name, region, offset }) => `    {REGION_${region.toUpperCase()}, ${offset}}, /* ${name} */`)
      .join('\n'),
  };
}

/** Said where it is so. */
const LANES_NOTE =
  '\nA pass over the weights reads up to N positions of a prompt; what they keep meanwhile is part of what is called KV cache here.\n';

/** Offered only where weights.S was written. */
const EMBEDDED_CHOICE = `
        config ESP32_LLM_WEIGHTS_EMBEDDED
            bool "Inside the application"
            help
                weights.S is linked into the application's read-only data and runs from flash through the cache.
`;
