/** What the ESP-IDF component's C code shares with the program and with the file of the weights. */
import { field } from './structure.ts';

/** First bytes of weights.bin, little-endian. */
export const weightsHeader = {
  meaning: 'Header of weights.bin.',
  unit: 64,
  fields: {
    magic: field('u32', '"ELLM".'),
    version: field('u32', 'Of this layout.'),
    bytes: field('u32', 'Of the whole image.'),
    checksum: field('u32', 'FNV-1a over all words behind the header.'),
    recordOffset: field('u32', "The model's record, from the start of the image."),
    recordBytes: field('u32', 'Its size.'),
    referencesOffset: field('u32', "Offsets of the record's words to which the image's address is added."),
    referenceCount: field('u32', 'How many.'),
  },
} as const;

export const weightsMagic = 0x4d4c4c45;
export const weightsVersion = 2;

/** What addresses of the component are relative to. */
export const regions = ['working', 'cache', 'weights'] as const;

/** Words of `esp32_llm_words`: as many addresses as a program may import. */
export const mostWords = 32;

export interface Entry {
  /** C types of result and parameters. */
  result: string;
  parameters: Readonly<Record<string, string>>;
  meaning: string;
}

/** Functions of the program that C code calls, through windowed wrappers (entry.S). */
export const entries = {
  sampling: {
    result: 'void',
    parameters: { temperature: 'float', topp: 'float', topk: 'int32_t', minp: 'float', penalty: 'float' },
    meaning: 'How tokens are chosen from now on.',
  },
  bind: {
    result: 'void',
    parameters: { grammar: 'const void *', positions: 'int32_t' },
    meaning:
      'What the next story may say, as a packed grammar (NULL: anything), and how many positions it may have.',
  },
  begin: {
    result: 'int32_t',
    parameters: {
      text: 'const char *',
      bytes: 'int32_t',
      seed: 'uint64_t',
    },
    meaning:
      'Encodes the prompt; its tokens, 0 if the context does not hold them, -1 if the grammar needs more behind them.',
  },
  pass: {
    result: 'void',
    parameters: { core: 'int32_t' },
    meaning: "A core's share of a pass; both cores must call it.",
  },
  next: {
    result: 'int32_t',
    parameters: {},
    meaning: 'The next token, or a negative number at the end of the story.',
  },
  isOver: { result: 'int32_t', parameters: {}, meaning: '1 where the grammar allows nothing more.' },
  pieceAddress: {
    result: 'const char *',
    parameters: {},
    meaning: 'Where the text of the present token lies.',
  },
  pieceBytes: { result: 'int32_t', parameters: {}, meaning: 'How many bytes it has.' },
  storyDigest: { result: 'uint64_t', parameters: {}, meaning: 'FNV-1a over the tokens so far.' },
} as const satisfies Record<string, Entry>;
