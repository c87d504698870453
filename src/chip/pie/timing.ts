/**
 * Pipeline behaviour of the vector unit as data: in which stage each operand and state is used and defined, and which
 * shared units an instruction takes. Rules over the instruction table; what differs is listed as an exception.
 *
 * Stages: E = 1, M = 2. "Defined in 2, used in 1, adjacent" costs the one stall there is.
 * Sources: ESP32-S3 TRM table 1.7-2 (docs/esp32-s3.md A5, DOC) unless a line says otherwise; units from Espressif's overlay.
 */
import { type Opcode, opcodes } from '../../xtensa/index.ts';

export interface PipelineUse {
  /** Index into the opcode's operands, or the name of an implicit state ('ACCX', 'QACC_H', …). */
  readonly what: number | string;
  /** Stage in which the value is needed (uses) or from whose end on it is ready (defs). */
  readonly stage: 1 | 2;
}

export interface PipelineRule {
  readonly uses: readonly PipelineUse[];
  readonly defs: readonly PipelineUse[];
  /**
   * Shared units taken in stage 1 and in stage 2, one bit each. Two instructions issued one cycle apart collide when
   * the first one's `units2` and the second one's `units1` have a bit in common: one stall, not added to a data stall.
   */
  readonly units1: number;
  readonly units2: number;
}

type Stage = 1 | 2;

/** Later wins. Patterns of `instruction operand`, the operand being a name of the table or of a state. */
type StageRule = readonly [pattern: RegExp, stage: Stage];

const useStages: readonly StageRule[] = [
  [/./, 1],
  // The accumulator is added to in M, so that multiply-accumulates chain at one per cycle.
  [/^ee\.vs?mulas\S* (ACCX|QACC_[LH])$/, 2],
  // A partial load keeps the rest of the register, which nothing computes with.
  [/^ee\.ld\.qacc\S* QACC_[LH]$/, 2],
  // Stores that pass the arithmetic of the FFT forms take their data a stage later.
  [/^ee\.(cmul\.s16\.st\.incp|fft\.cmul\.s16\.st\.xp|fft\.ams\.s16\.st\.incp|fft\.vst\.r32\.decp) qv$/, 2],
  // ld.qr -> st.qr of the same register, adjacent, showed no stall (DJ, HW).
  [/^st\.qr qv$/, 2],
];

const defStages: readonly StageRule[] = [
  [/./, 1],
  // Loads, alone and fused; broadcasts.
  [/^ee\.(vld|ld\.128|ldxq)\S* qu1?$/, 2],
  [/^ee\.\S+\.(ld|ldbc)\.\S+ qu$/, 2],
  [/^ld\.qr qu$/, 2],
  [/^ee\.ldf\S* fu\d$/, 2],
  // Multiplications.
  [/^ee\.(vmul\.|cmul|fft\.cmul|fft\.ams)\S* qz1?$/, 2],
  [/^ee\.vrelu\S* qs$/, 2],
  [/^ee\.vprelu\S* qz$/, 2],
  [/^ee\.vs?mulas\S* (ACCX|QACC_[LH])$/, 2],
  [/^ee\.(ld\.(accx|qacc_|ua_state)|ldqa)\S* (ACCX|QACC_[LH]|UA_STATE)$/, 2],
  // Like ee.ld.ua_state (INF).
  [/^ee\.fft\.ams\S* UA_STATE$/, 2],
];

/** Coprocessor enable is checked, never waited for. */
const untimedStates: ReadonlySet<string> = new Set(['CPENABLE']);

const stageOf = (rules: readonly StageRule[], key: string): Stage =>
  rules.reduce<Stage>((stage, [pattern, its]) => (pattern.test(key) ? its : stage), 1);

/** Only a unit that something takes in stage 2 can collide; each of those gets a bit. */
const lateUnits = [
  ...new Set(opcodes.flatMap((o) => o.units.filter((u) => u.stage === 2).map((u) => u.name))),
];

const unitMask = (opcode: Opcode, stage: Stage): number =>
  opcode.units
    .filter((unit) => unit.stage === stage)
    .reduce((mask, { name }) => (lateUnits.includes(name) ? mask | (1 << lateUnits.indexOf(name)) : mask), 0);

function derive(opcode: Opcode): PipelineRule {
  const touched = [
    ...opcode.operands.flatMap((operand, what) =>
      operand.kind === 'register' ? [{ what, name: operand.name, dir: operand.dir }] : [],
    ),
    ...opcode.states
      .filter(({ name }) => !untimedStates.has(name))
      .map(({ name, dir }) => ({ what: name, name, dir })),
  ];
  const entries = (skip: 'in' | 'out', rules: readonly StageRule[]): PipelineUse[] =>
    touched
      .filter(({ dir }) => dir !== skip)
      .map(({ what, name }) => ({ what, stage: stageOf(rules, `${opcode.name} ${name}`) }));
  return {
    uses: entries('out', useStages),
    defs: entries('in', defStages),
    units1: unitMask(opcode, 1),
    units2: unitMask(opcode, 2),
  };
}

const derived = new Map<number, PipelineRule>();

/** The rule of an instruction of the vector unit (`ee.*`, `mv.qr`, `ld.qr`, `st.qr`, and rur / wur of its registers). */
export function pipelineRule(opcode: Opcode): PipelineRule {
  let rule = derived.get(opcode.id);
  if (!rule) {
    rule = derive(opcode);
    derived.set(opcode.id, rule);
  }
  return rule;
}
