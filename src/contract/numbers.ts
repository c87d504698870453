/**
 * What the builder hands to a device program: immutable globals `config.NAME`, which the compiler to Xtensa folds into the code,
 * so that a build for another model needs no AssemblyScript. Addresses of blobs and buffers come from the memory plan.
 */
import { buffers } from './working.ts';

export interface NumberRow {
  /** As the device program declares it. */
  type: 'i32' | 'u32' | 'usize';
  meaning: string;
}

const rows = (type: NumberRow['type'], table: Readonly<Record<string, string>>): Record<string, NumberRow> =>
  Object.fromEntries(Object.entries(table).map(([name, meaning]) => [name, { type, meaning }]));

const bufferMeanings: Record<string, string> = Object.fromEntries(
  Object.values(buffers).flatMap((table) =>
    Object.entries(table).map(([name, { meaning }]) => [name, `Buffer: ${meaning}`]),
  ),
);

/** By subject. */
export const numbers: Readonly<Record<string, Readonly<Record<string, NumberRow>>>> = {
  'Shape of the model, all counts of elements': rows('i32', {
    dim: 'Width of the residual stream.',
    hiddenDim: 'Width of the feed-forward.',
    layers: 'Layers.',
    heads: 'Query heads.',
    kvHeads: 'Key and value heads.',
    vocabulary: 'Pieces.',
    context: 'Positions that the KV cache holds.',
  }),
  'The machine': rows('i32', {
    cores: '1 or 2; with 1 every barrier folds away.',
    clockMegahertz: 'CPU clock that the boot code sets up: 80, 160 or 240 MHz.',
  }),
  'The model and its working memory': {
    ...rows('usize', { model: 'The packed model: its record.' }),
    ...rows('usize', bufferMeanings),
    ...rows('usize', {
      scratchBytes: "Bytes of one core's scratch.",
      batch:
        'What the positions of a pass of several keep: laneBytes() each, `lanes` of them, or with `lent` those that are guessed alone.',
      lent: 'Matrices in SRAM in whose place the `lanes` of a prompt lie while it is read (transformer/lend.ts); 0: none.',
      lentBytes: 'Their size.',
      lentCopy: 'The same in PSRAM, which is read meanwhile.',
      lentWords: 'usize (lentCount): where the words of the record are that lead to them.',
      laneProducts:
        's16 (drafts + 1, vocabulary): products of the classifier with positions of a pass, where lanes have no room for them.',
      rawKeys:
        's8 (layer, half, position, key rows): keys as they were first written, so that a cache can be used again from its middle; 0: not kept.',
      growths: 'u32 (layer, half, GROWTH_WORDS): when the units of the keys grew; with `rawKeys`.',
      guesses: 'u32 (GUESS_KINDS, 2): guesses that were checked, and those of them that were right.',
    }),
    ...rows('i32', {
      lentCount: 'How many matrices those are.',
      lanes: 'Positions of a prompt that are read in one pass at most; 0: one by one.',
      drafts: 'Tokens that are guessed ahead at most, to be checked in one pass; 0: none.',
      drafter:
        'Positions of the small model that guesses them; 0: there is none, and they come from the text so far.',
    }),
  },
  'A model over several boards': {
    ...rows('i32', {
      boards: 'Boards that the layers lie on; with 1 all of it folds away.',
      board: 'Which of them this is: 0 has the console and the classifier, 1 the embedding.',
    }),
    ...rows('i32', {
      streamWords:
        'Words of the residual stream that go from board to board: its components; with per-layer embeddings padded, and the token.',
    }),
    ...rows('u32', {
      linkTx: 'Pin that leads to the next board.',
      linkRx: 'Pin that leads from the one before.',
      chainWord: 'What all images of one build have.',
      linkPatience: 'Milliseconds that the first answer of the others may take.',
    }),
    ...rows('usize', {
      linkFrame: 'Room for the longest frame.',
      chainTexts:
        'Why others do not answer, each ended by a zero byte: silence, then what is said of each fault.',
    }),
  },
  'Formats of the matrices (fixed arithmetic), by their codes': rows('i32', {
    classifierFormat: 'Of the classifier.',
    embeddingFormat: 'Of the embedding: that of the classifier where it is the same matrix.',
    qkvFormat: 'Of the query, key and value rows.',
    outFormat: "Of the attention's output.",
    gateUpFormat: 'Of the gate and up rows.',
    downFormat: 'Of the down matrix.',
    int4Group: 'Columns that share a scale in int4 matrices, at most: a power of two.',
  }),
  'The feed-forward': rows('i32', {
    activation: 'Code of the activation.',
    zeros: '1 where the activation leaves zeros, whose rows and columns are skipped.',
    gates: '2 where a hidden unit has a gate row and an up row, 1 where it has one row.',
  }),
  'What architectures have otherwise': rows('i32', {
    rotary:
      '1 where positions turn queries and keys, 0 where each has a learned vector, added to the embedding.',
    layerNorm:
      '1 where norms take the mean away in float arithmetic: in the fixed one nothing has a mean any more.',
    biases: '1 where products have biases: the record has its second part then.',
    hasLayerEmbeddings:
      '1 where rows of the token are added to the residual stream behind its embedding and behind every layer, from tables.',
    window:
      'Positions that local layers look back on, whose places in the cache are used again; 0: all see all.',
  }),
  'Memory of the console, the prompt and the sampler': {
    ...rows('usize', {
      teamwork: 'Barrier counts, the posted job, results that the two cores exchange.',
      candidates: "u16 (vocabulary): ids of the sampler's candidates; in float arithmetic, its heap.",
      recent:
        'u16 (REPETITION_WINDOW): the last tokens, a ring; and for each half of the vocabulary a list of those in it.',
      line: 'The line being edited; `lineBytes` long, and a byte more for decoding.',
    }),
    ...rows('i32', { lineBytes: 'Longest line.' }),
    ...rows('usize', { typed: 'Ring of `typedBytes`: what arrives while a story runs.' }),
    ...rows('u32', { typedBytes: 'A power of two.' }),
    ...rows('usize', {
      promptTokens: 'i32 (lineBytes + 2): the encoded prompt.',
      promptMerges: 'i32 (lineBytes + 2): what each of its tokens would become with its right neighbour.',
      storyTokens: 'i32 (context): ids of the last story, in the order of its digest.',
      status: 'What a debugger, or the simulator, may look at: the status words.',
    }),
  },
  'The packed vocabulary': {
    ...rows('usize', {
      pieceOffsets: 'u32 (vocabulary + 1): where each piece begins in `pieceBytes`.',
      pieceBytes: 'u8: all pieces, one behind the other.',
      pieceScores: 'f32 (vocabulary); a word is enough where nothing is scored.',
      pieceOrder:
        'u16 (uniquePieces): ids in the order of their bytes, the lowest id of equal pieces only; of a WordPiece vocabulary those that begin a word first.',
      textRules:
        "Classes of characters and what becomes of them (device/tokenizer/rules.ts), as far as the tokenizer's kind reads them.",
    }),
    ...rows('i32', {
      uniquePieces: 'Pieces in `pieceOrder`.',
      wordStarts: 'How many of them, from the first, begin a word (WordPiece).',
      longestPiece: 'Bytes of the longest piece.',
      tokenizerKind: 'Code of its algorithm.',
      startToken: 'What a text begins with, and what ends it, too.',
      endToken: 'What ends a text.',
      unknownToken: 'What stands for that which no piece spells.',
      firstByteToken: 'Id of byte 0 of 256 in a row; negative without such pieces.',
      spaceInFront: 'Code: whether a space goes before the text.',
      hidesSpace: '1: that space is not printed.',
      textPattern: 'Code of the expression that cuts a text (byte-level BPE).',
      normalForm: '1: a text is brought to a normal form first, that of the tables in `textRules`.',
      wholeParts: '1: a part that is a piece is taken whole (byte-level BPE).',
      separateWords: '1: no piece reaches over the beginning of a word (Unigram).',
      cleanText: '1: control characters go and white space becomes spaces (WordPiece).',
      separateIdeographs: '1: CJK ideographs are words of their own (WordPiece).',
      longestWord: 'Characters of the longest word that is looked up (WordPiece).',
    }),
    ...rows('u32', {
      wordKinds: 'Kinds of characters that decide where a word ends (WordPiece).',
      goneKinds: 'Kinds of characters that go (WordPiece).',
      unknownScore: 'f32, its bits: score of an unknown character (Unigram).',
    }),
  },
  'What a story may say': {
    ...rows('usize', {
      grammar: 'The packed grammar; 0 where there is none.',
      grammarRoom: 'Room for a packed grammar that is sent at run time; 0 where there is none.',
    }),
    ...rows('u32', { grammarRoomBytes: 'Its size.' }),
    ...rows('usize', { knownWords: 'u32: the words that it may be made of (WORD_...); 0: any.' }),
  },
  Conversations: {
    ...rows('i32', { turns: '1 where prompts may come in parts; with 0 all of it folds away.' }),
    ...rows('usize', {
      until: 'u8 (2, UNTIL_BYTES): the text that ends an answer, and room for what was said last.',
    }),
    ...rows('i32', {
      untilBytes: 'Bytes of that text; 0: none.',
      untilToken: 'A token that ends an answer; -1: none but those that end every text.',
    }),
  },
  'What only the boot code and the console read': {
    ...rows('usize', {
      banner: 'Text about this image, ended by a zero byte: name, model, memory.',
      zeroRanges: 'Pairs of words, address and length, of the memory that must be zero.',
    }),
    ...rows('i32', {
      zeroRangeCount: 'Pairs of `zeroRanges`.',
      earlyRangeCount: 'How many of them, from the first, may be zeroed before core 1 has left the ROM.',
    }),
    ...rows('u32', { flashOffset: 'Flash offset of the first 64 KB page to map at 0x3C000000.' }),
    ...rows('i32', {
      flashPages: 'How many pages; 0: the data cache stays as it is.',
      psramPages: '64 KB pages of PSRAM to map behind the flash.',
      psramKind: '0 none, 1 quad, 2 octal.',
      psramMegahertz:
        'Bus clock that PSRAM is to run at, in MHz; octal above 40 and quad above 80 are tuned for it.',
    }),
    ...rows('u32', {
      copiedBytes:
        'Bytes that are copied to the first pages of PSRAM at boot, from flash pages behind the mapped ones.',
    }),
    ...rows('u32', { entry1: 'First instruction of core 1.' }),
    ...rows('usize', {
      readyLine: 'What answers `/json on`, ended by a zero byte: the image as a JSON object.',
      output: 'Ring of `outputBytes`: what is printed and not sent yet.',
    }),
    ...rows('u32', { outputBytes: 'A power of two.' }),
  },
  'The screen': {
    ...rows('i32', { screenKind: '0 none (all of it folds away), 1 SSD1306, 2 SH1106.' }),
    ...rows('u32', {
      screenAddress: '7-bit I2C address.',
      screenSda: 'Data pin.',
      screenScl: 'Clock pin.',
    }),
    ...rows('i32', {
      screenReset: 'Reset pin, low active, or -1.',
      screenPower: "Pin that switches the screen's supply, or -1.",
      screenPowerOn: 'The level that switches it on.',
      screenFlip: '1: the glass is mounted upside down.',
    }),
    ...rows('usize', {
      screenQueue: 'Two words, then text on its way to the screen.',
      screenPicture:
        'u8 (page, column), bit 0 on top, then what of it the screen has not got. Starts as the splash.',
      screenFont: 'u8 (glyph, 8): width and columns; then the code points of the glyphs beyond ASCII.',
    }),
    ...rows('i32', { screenGlyphs: 'Glyphs of the font.' }),
  },
};
