/** The form of the generated table's rows. */

export type Direction = 'in' | 'out' | 'inout';

/** Name, kind (a register file, `imm` or `label`), direction, instruction bits from least significant, the rest. */
export type OperandRow = readonly [
  name: string,
  kind: string,
  dir: Direction,
  bits: readonly number[],
  rest?: {
    hidden?: boolean;
    fixed?: number;
    signed?: boolean;
    values?: readonly (number | null)[];
    scale?: number;
    offset?: number;
    base?: 'pc' | 'pc&~3' | '(pc+3)&~3';
  },
];

export type OpcodeRow = readonly [
  name: string,
  length: 2 | 3 | 4,
  value: number,
  mask: number,
  flags: string,
  operands: readonly number[],
  states: number,
  units: number,
];
