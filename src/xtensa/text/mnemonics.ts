/** From a written mnemonic and operands to instructions of the table: the generic spellings that GNU as accepts. */
import { UsageError } from '../../errors.ts';
import { describeOperand } from '../encode.ts';
import type { Expression } from '../expression.ts';
import { filePrefixes, registerByName } from '../registers.ts';
import { opcodeNamed } from '../select.ts';
import {
  type Opcode,
  type Operand,
  opcodeByName,
  type RegisterNames,
  specialRegisters,
  userRegisters,
} from '../table.ts';

export interface Instruction {
  opcode: Opcode;
  operands: Expression[];
  /** A leading underscore: encode exactly this instruction. */
  exact: boolean;
}

/** Parses an operand that is not a register. */
export type Parse = (text: string) => Expression;

interface OperandNames {
  parse: Parse;
  /** Whether a symbol of that name is known. */
  isSymbol(name: string): boolean;
}

/** Registers as the operand's file wants them; a group of booleans may be written `b4:b5:b6:b7`. */
function parseRegister(opcode: Opcode, operand: Operand, text: string): number {
  const register = registerByName(text.split(':')[0].trim());
  const prefix = filePrefixes[operand.regfile!];
  if (register && filePrefixes[register.file] === prefix) return register.number;
  throw new UsageError(
    `${opcode.name}: "${text}" is not a register of the kind that "${operand.name}" wants (${describeOperand(operand)}).`,
  );
}

/** A function may be called `f2`: where no register can be meant, it is a symbol. */
function parseOperand(opcode: Opcode, operand: Operand, text: string, names: OperandNames): Expression {
  if (text === '') throw new UsageError(`${opcode.name}: an operand is missing.`);
  if (operand.kind === 'register') return parseRegister(opcode, operand, text);
  if (registerByName(text) && operand.kind !== 'label' && !names.isSymbol(text)) {
    throw new UsageError(
      `${opcode.name}: "${text}" is a register, and "${operand.name}" is ${describeOperand(operand)}.`,
    );
  }
  return names.parse(text);
}

function bind(opcode: Opcode, operands: readonly string[], exact: boolean, names: OperandNames): Instruction {
  const { visible } = opcode;
  if (operands.length !== visible.length) {
    const wanted = `${visible.length} operand${visible.length === 1 ? '' : 's'}`;
    throw new UsageError(`${opcode.name} takes ${wanted}, not ${operands.length}.`);
  }
  return {
    opcode,
    operands: operands.map((text, index) => parseOperand(opcode, visible[index], text, names)),
    exact,
  };
}

/** `rsr a3, sar`, `wsr a3, 3`, `rur a3, fcr`: the register is part of the mnemonic in the table. */
function registerTransfer(
  name: string,
  operands: readonly string[],
  parse: Parse,
): [string, string[]] | undefined {
  if (!/^(rsr|wsr|xsr|rur|wur)$/.test(name)) return undefined;
  if (operands.length !== 2) throw new UsageError(`${name} takes a register and a special register.`);
  const names: RegisterNames = name.endsWith('ur') ? userRegisters : specialRegisters;
  const wanted = operands[1].toLowerCase();
  const known = opcodeByName.has(`${name}.${wanted}`) ? wanted : registerNumbered(names, operands[1], parse);
  // Register 226 is "interrupt" to read and "intset" to write.
  const candidates = [known, ...(known === 'interrupt' ? ['intset'] : [])];
  const found = candidates.find((candidate) => opcodeByName.has(`${name}.${candidate}`));
  if (!found)
    throw new UsageError(`${name}: there is no register "${operands[1]}" that this core can access so.`);
  return [`${name}.${found}`, [operands[0]]];
}

function registerNumbered(names: RegisterNames, text: string, parse: Parse): string {
  if (names.numberOf.has(text.toLowerCase())) return text.toLowerCase();
  const number = parse(text);
  return (typeof number === 'number' ? names.nameOf.get(number) : undefined) ?? text;
}

/** Branches against zero have an instruction of their own, and 0 is not among the constants of the others. */
const againstZero: Readonly<Record<string, string>> = {
  beqi: 'beqz',
  bnei: 'bnez',
  bgei: 'bgez',
  blti: 'bltz',
};

/** Spellings for little-endian bit numbers, which are this core's own. */
const littleEndian: Readonly<Record<string, string>> = { 'bbci.l': 'bbci', 'bbsi.l': 'bbsi' };

function translate(
  name: string,
  operands: readonly string[],
  { exact, density }: { exact: boolean; density: boolean },
  parse: Parse,
): [string, readonly string[]] {
  if (name === 'mov' && density && !exact) return ['mov.n', operands];
  if (name === 'mov')
    return ['or', operands.length === 2 ? [operands[0], operands[1], operands[1]] : operands];
  if (name in littleEndian) return [littleEndian[name], operands];
  if (name in againstZero && !exact && operands.length === 3 && parse(operands[1]) === 0) {
    return [againstZero[name], [operands[0], operands[2]]];
  }
  return registerTransfer(name, operands, parse) ?? [name, operands];
}

const callRegisters: Readonly<Record<string, number>> = { call0: 0, call4: 4, call8: 8, call12: 12 };

/** `.begin longcalls` and `j.l`: through a register, so that the target may be anywhere. */
function farJump(name: string, operands: readonly string[], parse: Parse): Instruction[] {
  const register =
    name === 'j.l' ? registerByName(operands[1] ?? '') : { file: 'AR', number: callRegisters[name] };
  if (register?.file !== 'AR' || operands.length !== (name === 'j.l' ? 2 : 1)) {
    throw new UsageError(`${name} takes a target${name === 'j.l' ? ' and an address register' : ''}.`);
  }
  const jump = opcodeNamed(name === 'j.l' ? 'jx' : name.replace('call', 'callx'));
  return [
    { opcode: opcodeNamed('movi'), operands: [register.number, parse(operands[0])], exact: false },
    { opcode: jump, operands: [register.number], exact: false },
  ];
}

export interface MnemonicOptions {
  exact: boolean;
  density: boolean;
  /** Whether a symbol of that name is known: `movi a2, f3` then means its address. */
  isSymbol(name: string): boolean;
  longCalls: boolean;
  /** Whether a target is a label that `j` reaches for certain. */
  isNear(target: Expression): boolean;
}

/** The instructions that a statement stands for. */
export function resolveInstruction(
  mnemonic: string,
  operands: readonly string[],
  options: MnemonicOptions,
  parse: Parse,
): Instruction[] {
  const lower = mnemonic.toLowerCase();
  const exact = options.exact || lower.startsWith('_');
  const written = lower.startsWith('_') ? lower.slice(1) : lower;
  if (written === 'j.l' && operands.length === 2) {
    const target = parse(operands[0]);
    if (!options.isNear(target)) return farJump(written, operands, parse);
    return [{ opcode: opcodeNamed('j'), operands: [target], exact }];
  }
  if (options.longCalls && !exact && written in callRegisters) return farJump(written, operands, parse);
  const [name, texts] = translate(written, operands, { exact, density: options.density }, parse);
  const opcode = opcodeByName.get(name);
  if (!opcode) throw new UsageError(`there is no instruction "${mnemonic}".`);
  return [bind(opcode, texts, exact, { parse, isSymbol: options.isSymbol })];
}
