/** Runs assembler vectors: lines of text, bytes in hex and, for pc-relative ones, the instruction's address. */
import { UsageError } from '../errors.ts';
import { assembleText } from './text/assemble.ts';
import { disassemble } from './text/disassemble.ts';

export interface VectorResult {
  passed: number;
  /** One sentence per failure, with the line of the file. */
  failures: string[];
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Assembles one statement at `address`; the section begins at the fetch word below it. */
export function assembleAt(text: string, address: number): Uint8Array {
  const lead = address & 3;
  const bases = { '.text': address - lead };
  const object = assembleText(`.org ${lead}\n${text}`, { exact: true, bases });
  const section = object.sections.find(({ name }) => name === '.text');
  if (!section || section.relocations.length > 0) throw new UsageError(`"${text}" needs a linker.`);
  return section.bytes.subarray(lead);
}

/** Generic spellings whose instructions have a name of their own. */
function canonicalMnemonic(mnemonic: string, operands: string[]): [string, string[]] {
  if (mnemonic === 'mov') return ['or', [operands[0], operands[1], operands[1]]];
  if (/^([rwx]sr|[rw]ur)$/.test(mnemonic)) return [`${mnemonic}.`, [operands[0]]];
  return [mnemonic, operands];
}

/** Text with one spelling of numbers, registers and spaces. */
function canonical(text: string): string {
  const [, word, rest] = /^(\S+)\s*(.*)$/.exec(text.trim().toLowerCase())!;
  const written = rest === '' ? [] : rest.split(',').map((operand) => operand.trim());
  const [mnemonic, operands] = canonicalMnemonic(word, written);
  const spelled = operands.map((operand) => {
    if (operand === 'sp') return 'a1';
    // A group of booleans, by its first one.
    if (/^b\d+:/.test(operand)) return operand.split(':')[0];
    const [, sign, digits] = /^(-?)(0x[0-9a-f]+|0b[01]+|\d+)$/.exec(operand) ?? [];
    // -1 and 0xffffffff are one number to a 32-bit assembler.
    return digits === undefined ? operand : String((sign === '-' ? -Number(digits) : Number(digits)) >>> 0);
  });
  return `${mnemonic} ${spelled.join(', ')}`;
}

/** Whether the disassembler's text says what the vector says; `rsr.sar a3` is also `rsr a3, sar` or `rsr a3, 3`. */
function sameText(wanted: string, got: string): boolean {
  const one = canonical(wanted);
  const other = canonical(got);
  return one === other || (/^\w+\. /.test(one) && other.replace(/\.\S+/, '.') === one);
}

/** Why a vector fails, or undefined. */
function check(text: string, hex: string, address: number): string | undefined {
  const assembled = hexOf(assembleAt(text, address));
  if (assembled !== hex) return `"${text}" assembles to ${assembled}, not ${hex}`;
  const lines = disassemble(Buffer.from(hex, 'hex'), address);
  if (lines.length !== 1) return `${hex} disassembles to ${lines.length} lines`;
  if (!sameText(text, lines[0].text)) return `${hex} disassembles to "${lines[0].text}", not "${text}"`;
  const again = hexOf(assembleAt(lines[0].text, address));
  if (again !== hex) return `"${lines[0].text}", disassembled from ${hex}, assembles to ${again}`;
  return undefined;
}

/** `source` is the text of a .tsv file; empty lines and lines that start with `#` are skipped. */
export function checkVectors(source: string): VectorResult {
  const result: VectorResult = { passed: 0, failures: [] };
  source.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const [text, hex, address = '0'] = line.split('\t');
    let failure: string | undefined;
    try {
      failure =
        hex === undefined
          ? 'there is no tab and no bytes'
          : check(text, hex.trim().toLowerCase(), Number(address));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      failure = `"${text}": ${error.message}`;
    }
    if (failure === undefined) result.passed += 1;
    else result.failures.push(`line ${index + 1}: ${failure}`);
  });
  return result;
}
