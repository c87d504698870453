/** Registers by the names that assembly has for them, for people to set and to read. */
import { UsageError } from '../../errors.ts';
import { type CoreState, SR } from '../core/index.ts';
import { QaccForm, readAccx, setQaccForm } from '../pie/index.ts';

/** By name (`a2`, `f0`, `q1`): a number, or the bits of one. */
export type RegisterSettings = Readonly<Record<string, number | bigint>>;

export interface RegisterChange {
  readonly name: string;
  /** In hexadecimal digits, the highest first. */
  readonly bits: string;
  /** As a number: of address registers and ACCX signed, of floating-point registers as JavaScript writes it. */
  readonly value: string | undefined;
}

const VECTOR_BITS = 128;
/** A called function sees its caller's a10 as a2, after ENTRY. */
const WINDOW = 8;

const hexOf = (bytes: ArrayLike<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .reverse()
    .join('');
const hexWord = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/**
 * `a2 = 5, f0 = 1.5 q1=0x0102`: names and numbers, apart by spaces, commas or lines.
 * @throws UsageError for what is none
 */
export function parseRegisters(text: string): RegisterSettings {
  const settings: Record<string, number | bigint> = {};
  for (const part of text.replace(/\s*=\s*/g, '=').split(/[\s,;]+/)) {
    if (part === '') continue;
    const match = /^([afq])(\d+)=([+-]?)(0x[0-9a-f_]+|[\d._]+(?:e[+-]?\d+)?)$/i.exec(part);
    if (!match)
      throw new UsageError(`"${part}" sets no register; it should be like a2=5, f0=1.5 or q1=0x0102`);
    const [, file, index, sign, digits] = match;
    const number = digits.replaceAll('_', '');
    const name = `${file.toLowerCase()}${Number(index)}`;
    const isWhole = /^(0x[0-9a-f]+|\d+)$/i.test(number);
    if (name.startsWith('f')) settings[name] = Number(number) * (sign === '-' ? -1 : 1);
    else if (isWhole) settings[name] = BigInt(number) * (sign === '-' ? -1n : 1n);
    else throw new UsageError(`${name} holds whole numbers, and ${number} is none`);
  }
  return settings;
}

/** Most registers of each file. */
const COUNTS: Readonly<Record<string, number>> = { a: 16, f: 16, q: 8 };

export function createRegisterView(state: CoreState, isWindowed: boolean) {
  const { ar, special, fpu, pie } = state;
  const shift = isWindowed ? WINDOW : 0;
  const visible = (index: number): number => (special[SR.windowbase] * 4 + index + shift) & 63;
  const setVector = (index: number, bits: bigint): void => {
    for (let byte = 0; byte < VECTOR_BITS / 8; byte++)
      pie.qu8[index * 16 + byte] = Number((bits >> BigInt(8 * byte)) & 255n);
  };
  const write: Readonly<Record<string, (index: number, value: number | bigint) => void>> = {
    a: (index, value) => {
      ar[visible(index)] = Number(BigInt.asIntN(32, BigInt(value)));
    },
    f: (index, value) => {
      fpu.f[index] = Number(value);
    },
    q: (index, value) => setVector(index, BigInt(value)),
  };
  const read = (): RegisterChange[] => {
    setQaccForm(pie, QaccForm.raw);
    const address = (index: number): RegisterChange => {
      const word = ar[visible(index)];
      return { name: `a${index}`, bits: hexWord(word), value: String(word) };
    };
    const float = (index: number): RegisterChange => {
      const value = String(fpu.f[index]);
      return { name: `f${index}`, bits: hexWord(fpu.bits[index]), value };
    };
    const vector = (index: number): RegisterChange => {
      const bytes = pie.qu8.subarray(16 * index, 16 * index + 16);
      return { name: `q${index}`, bits: hexOf(bytes), value: undefined };
    };
    const accx = readAccx(pie);
    const sums: RegisterChange[] = [
      {
        name: 'accx',
        bits: BigInt.asUintN(40, BigInt(accx)).toString(16).padStart(10, '0'),
        value: String(accx),
      },
      { name: 'qacc_l', bits: hexOf(pie.qacc.subarray(0, 20)), value: undefined },
      { name: 'qacc_h', bits: hexOf(pie.qacc.subarray(20, 40)), value: undefined },
      { name: 'sar', bits: hexWord(special[SR.sar]), value: String(special[SR.sar]) },
    ];
    const each = (file: string, of: (index: number) => RegisterChange): RegisterChange[] =>
      Array.from({ length: COUNTS[file] }, (_, index) => of(index));
    return [...each('a', address), ...each('f', float), ...each('q', vector), ...sums];
  };
  let before = read();
  return {
    /** @throws UsageError for a register that there is not, or that the code needs itself */
    set(settings: RegisterSettings): void {
      for (const [name, value] of Object.entries(settings)) {
        const [file, index] = [name[0], Number(name.slice(1))];
        if (!(index < (COUNTS[file] ?? 0))) throw new UsageError(`there is no register ${name}`);
        if (name === 'a0' || name === 'a1')
          throw new UsageError(`${name} is taken: a0 says where to return to, a1 where the stack is`);
        if (isWindowed && file === 'a' && index > 7)
          throw new UsageError(`${name} is not the caller's to set: ENTRY shows a2 to a7 of what it passes`);
        write[file](index, value);
      }
      before = read();
    },
    /** What differs from what was set. */
    changes: (): RegisterChange[] => read().filter(({ bits }, index) => bits !== before[index].bits),
  };
}
