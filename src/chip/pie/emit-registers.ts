/** rur / wur of the vector unit's user registers, and the dedicated GPIO instructions. */
import type { Emit, EmitEntry } from './context.ts';

interface UserRegister {
  readonly name: string;
  readonly read: string;
  /** Statement that sets the register from `pie$v`. */
  readonly write: string;
}

const words = (name: string, view: string, first: number, count: number, prepare = ''): UserRegister[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `${name}_${i}`,
    read: `${prepare}${view}[${first + i}]`,
    write: `${prepare.replace(', ', ';')}${view}[${first + i}] = pie$v`,
  }));

const small = (name: string, index: number, mask: number): UserRegister => ({
  name,
  read: `pie_control[${index}]`,
  write: `pie_control[${index}] = pie$v & ${mask}`,
});

export const userRegisters: readonly UserRegister[] = [
  { name: 'accx_0', read: 'pie_accx[0]', write: 'pie_accx[0] = pie$v' },
  { name: 'accx_1', read: 'pie_accx[1] & 255', write: 'pie_accx[1] = pie$v << 24 >> 24' },
  ...words('qacc_l', 'pie_qaccWords', 0, 5, 'pie_qaccForm0(), '),
  ...words('qacc_h', 'pie_qaccWords', 5, 5, 'pie_qaccForm0(), '),
  ...words('ua_state', 'pie_ua', 0, 4),
  small('sar_byte', 1, 15),
  small('fft_bit_width', 2, 15),
  small('gpio_out', 3, 255),
];

const gpioOut = 'pie_control[3]';

const writeMasked: Emit = ([value, mask], context) =>
  `const pie$m = ${context.ar(mask)} & 255;${gpioOut} = ${gpioOut} & ~pie$m | ${context.ar(value)} & pie$m;`;

export const registerInstructions: readonly EmitEntry[] = [
  ...userRegisters.flatMap(({ name, read, write }): EmitEntry[] => [
    [`rur.${name}`, ([ar], context) => `${context.setAr(ar, `(${read})`)};`],
    [`wur.${name}`, ([ar], context) => `const pie$v = ${context.ar(ar)};${write};`],
  ]),
  ['ee.wr_mask_gpio_out', writeMasked],
  ['ee.set_bit_gpio_out', ([mask]) => `${gpioOut} |= ${mask};`],
  ['ee.clr_bit_gpio_out', ([mask]) => `${gpioOut} &= ~${mask};`],
  ['ee.get_gpio_in', ([au], context) => `${context.setAr(au, 'pie_control[4]')};`],
];
