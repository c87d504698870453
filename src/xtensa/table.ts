/**
 * The instruction set of the ESP32-S3's Xtensa LX7 as ONE table: encodings, operands, implicit state and functional
 * units. Assembler, disassembler, simulator and timing model read it, so they cannot disagree.
 * Source: Espressif's published overlay of the core, through table.generated.ts.
 */
import {
  lengthByFirstNibble,
  opcodeRows,
  operandRows,
  specialRegisterNumbers,
  stateRows,
  unitNames,
  unitRows,
  userRegisterNumbers,
} from './table.generated.ts';
import type { Direction, OperandRow } from './table-rows.ts';

export type { Direction };

/** Register files; BR4, BR8 and BR16 are groups of consecutive booleans, named by their first one. */
export type RegisterFile = 'AR' | 'MR' | 'BR' | 'BR4' | 'BR8' | 'BR16' | 'FR' | 'QR';

export interface Operand {
  readonly name: string;
  readonly kind: 'register' | 'immediate' | 'label';
  /** Present for registers. */
  readonly regfile?: RegisterFile;
  readonly dir: Direction;
  /** Whether the operand is written in assembly text; hidden ones are implied by the instruction. */
  readonly visible: boolean;
  /** Register number of an operand without a field of its own (the return address of call8, say). */
  readonly fixed?: number;
  /** Width of the encoded field, in bits. */
  readonly width: number;
  /** Smallest, largest and granularity of the semantic value; for a label, of its distance from the base. */
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** The encoded field of an instruction word. */
  field(word: number): number;
  /** The instruction bits of an encoded field. */
  insert(field: number): number;
  /** Semantic value of a field: register number, immediate, or absolute address (given the instruction's `pc`). */
  decode(field: number, pc?: number): number;
  /** The field for a semantic value, or undefined where the instruction cannot hold it. */
  encode(value: number, pc?: number): number | undefined;
}

export type OpcodeFlag = 'branch' | 'jump' | 'call' | 'loop';

export interface Opcode {
  readonly id: number;
  readonly name: string;
  readonly length: 2 | 3 | 4;
  readonly mask: number;
  readonly value: number;
  readonly flag?: OpcodeFlag;
  readonly operands: readonly Operand[];
  /** The operands that assembly text writes, in order. */
  readonly visible: readonly Operand[];
  /** Processor state that is read or written without being an operand. */
  readonly states: readonly { readonly name: string; readonly dir: Direction }[];
  /** Functional units with the pipeline stage at which each is taken (PIE only). */
  readonly units: readonly { readonly name: string; readonly stage: number }[];
}

/** Runs of bits that are adjacent both in the word and in the field: from, to, mask. */
function bitRuns(bits: readonly number[]): { from: number; to: number; mask: number }[] {
  const runs: { from: number; to: number; mask: number }[] = [];
  bits.forEach((bit, index) => {
    const last = runs.at(-1);
    if (last && bit - last.from === index - last.to && bits[index - 1] === bit - 1)
      last.mask = last.mask * 2 + 1;
    else runs.push({ from: bit, to: index, mask: 1 });
  });
  return runs;
}

function fieldAccess(bits: readonly number[]): Pick<Operand, 'field' | 'insert'> {
  const runs = bitRuns(bits);
  if (runs.length === 1) {
    const { from, mask } = runs[0];
    return {
      field: (word) => (word >>> from) & mask,
      insert: (field) => ((field & mask) << from) >>> 0,
    };
  }
  return {
    field(word) {
      let field = 0;
      for (const { from, to, mask } of runs) field |= ((word >>> from) & mask) << to;
      return field;
    },
    insert(field) {
      let word = 0;
      for (const { from, to, mask } of runs) word |= ((field >>> to) & mask) << from;
      return word >>> 0;
    },
  };
}

/** The address from which a label is measured, for an instruction at `pc`. */
const labelBases = {
  pc: (pc: number) => pc,
  'pc&~3': (pc: number) => pc - (pc & 3),
  '(pc+3)&~3': (pc: number) => pc + ((4 - (pc & 3)) & 3),
};

type Coding = Pick<Operand, 'min' | 'max' | 'step' | 'decode' | 'encode'>;

function tableCoding(values: readonly (number | null)[]): Coding {
  const fields = new Map(values.map((value, field) => [value, field]));
  const numbers = values.filter((value) => value !== null);
  return {
    min: Math.min(...numbers),
    max: Math.max(...numbers),
    step: 1,
    decode: (field) => values[field] ?? Number.NaN,
    encode: (value) => fields.get(value),
  };
}

function linearCoding(width: number, signed: boolean, scale: number, offset: number): Coding {
  const span = 2 ** width;
  const lowest = signed ? -span / 2 : 0;
  const highest = lowest + span - 1;
  const ends = [offset + scale * lowest, offset + scale * highest];
  return {
    min: Math.min(...ends),
    max: Math.max(...ends),
    step: Math.abs(scale),
    decode: (field) => offset + scale * (field > highest ? field - span : field),
    encode(value) {
      const encoded = (value - offset) / scale;
      if (!Number.isInteger(encoded) || encoded < lowest || encoded > highest) return undefined;
      return encoded < 0 ? encoded + span : encoded;
    },
  };
}

function relativeTo(base: (pc: number) => number, distance: Coding): Coding {
  return {
    ...distance,
    decode: (field, pc = 0) => (base(pc) + distance.decode(field)) >>> 0,
    // The address space is a ring of 2^32 bytes: a distance is the shorter way round.
    encode: (address, pc = 0) => distance.encode((address - base(pc)) | 0),
  };
}

function buildOperand([name, kind, dir, bits, rest = {}]: OperandRow): Operand {
  const isRegister = kind !== 'imm' && kind !== 'label';
  const { fixed } = rest;
  const distance = rest.values
    ? tableCoding(rest.values)
    : linearCoding(bits.length, rest.signed ?? false, rest.scale ?? 1, rest.offset ?? 0);
  const coding = rest.base ? relativeTo(labelBases[rest.base], distance) : distance;
  const common = {
    name,
    kind: isRegister ? ('register' as const) : kind === 'imm' ? ('immediate' as const) : ('label' as const),
    ...(isRegister ? { regfile: kind as RegisterFile } : {}),
    dir,
    visible: !rest.hidden,
    width: bits.length,
  };
  if (fixed === undefined) return { ...common, ...coding, ...fieldAccess(bits) };
  const only = { min: fixed, max: fixed, step: 1, field: () => 0, insert: () => 0 };
  return {
    ...common,
    ...only,
    fixed,
    decode: () => fixed,
    encode: (value) => (value === fixed ? 0 : undefined),
  };
}

const operandsByRow = operandRows.map(buildOperand);

const statesByRow = stateRows.map((row) =>
  row === ''
    ? []
    : row.split(' ').map((entry) => {
        const [name, dir] = entry.split(':');
        return { name, dir: dir as Direction };
      }),
);

const unitsByRow = unitRows.map((pairs) =>
  Array.from({ length: pairs.length / 2 }, (_, index) => ({
    name: unitNames[pairs[2 * index]],
    stage: pairs[2 * index + 1],
  })),
);

/** Every encoding, by `id`; 753 mnemonics in 754 rows, because `nop` also exists with four bytes. */
export const opcodes: readonly Opcode[] = opcodeRows.map(
  ([name, length, value, mask, flag, operandIds, states, units], id) => {
    const operands = operandIds.map((operandId) => operandsByRow[operandId]);
    return {
      id,
      name,
      length,
      mask,
      value,
      ...(flag === '' ? {} : { flag: flag as OpcodeFlag }),
      operands,
      visible: operands.filter((operand) => operand.visible),
      states: statesByRow[states],
      units: unitsByRow[units],
    };
  },
);

/** By mnemonic; `nop` is the three-byte one. */
export const opcodeByName: ReadonlyMap<string, Opcode> = new Map(
  [...opcodes].reverse().map((opcode) => [opcode.name, opcode]),
);

/** Bytes of the instruction that starts with this byte. */
export function instructionLength(firstByte: number): 2 | 3 | 4 {
  return lengthByFirstNibble[firstByte & 15] as 2 | 3 | 4;
}

/** Bits that tell most instructions of one length apart: any choice is correct, this one keeps the buckets small. */
const keyBits: Record<2 | 3 | 4, number> = { 2: 0x0000f0ff, 3: 0x00ff000f, 4: 0xf0f0000f };
const keyedByLength = { 2: new Map(), 3: new Map(), 4: new Map() } as Record<
  2 | 3 | 4,
  Map<number, Opcode[]>
>;

function candidates(length: 2 | 3 | 4, key: number): Opcode[] {
  const known = keyedByLength[length].get(key);
  if (known) return known;
  const bits = keyBits[length];
  const list = opcodes.filter(
    (opcode) => opcode.length === length && ((opcode.value ^ key) & opcode.mask & bits) === 0,
  );
  keyedByLength[length].set(key, list);
  return list;
}

/**
 * The instruction at the start of `word` (little-endian bytes as one unsigned number; bytes after the instruction are
 * ignored), or undefined where the core has none. No two encodings overlap, so there is no order to mind.
 */
export function findOpcode(word: number): Opcode | undefined {
  const length = instructionLength(word);
  for (const opcode of candidates(length, word & keyBits[length])) {
    if (((word ^ opcode.value) & opcode.mask) === 0) return opcode;
  }
  return undefined;
}

/** Special register names (of rsr, wsr, xsr) and their numbers; both ways. */
export const specialRegisters = registerNames(specialRegisterNumbers);
/** User register names (of rur, wur) and their numbers; both ways. */
export const userRegisters = registerNames(userRegisterNumbers);

export interface RegisterNames {
  readonly numberOf: ReadonlyMap<string, number>;
  readonly nameOf: ReadonlyMap<number, string>;
}

function registerNames(numbers: Readonly<Record<string, number>>): RegisterNames {
  const entries = Object.entries(numbers);
  return {
    numberOf: new Map(entries),
    // interrupt and intset are one register; the first name of a number wins.
    nameOf: new Map(entries.reverse().map(([name, number]) => [number, name])),
  };
}
