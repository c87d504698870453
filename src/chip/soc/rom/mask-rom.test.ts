/** Our stand-in for the ROM against the chip's own: the same lines, the same state at the entry, nearly the same time. */
import { describe, expect, it } from 'vitest';
import { maskRom } from '../../../testing/mask-rom.ts';
import { needing } from '../../../testing/needs.ts';
import { SR } from '../../core/index.ts';
import { type Chip, createChip } from '../chip.ts';
import { assembleSegment, buildImage } from '../test-image.ts';

const SPIN = assembleSegment('start: j start\n');
const big = Uint8Array.from({ length: 60_000 }, (_, index) => (index * 37) & 255);
const segments = [SPIN, { address: 0x3fcb0000, data: big }];
const spin = buildImage({ segments });

const fault = (source: string) => buildImage({ segments: [assembleSegment(source)] });
/** Images, good and bad, with what is special about each. */
const images: readonly (readonly [what: string, flash: Uint8Array])[] = [
  ['a good image', spin],
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(
    (mode) => [`mode ${mode}`, buildImage({ segments: [SPIN], header: { 2: mode } })] as const,
  ),
  ['another frequency', buildImage({ segments: [SPIN], header: { 3: 0x20 } })],
  ['no digest', buildImage({ segments: [SPIN], digest: 'absent' })],
  ['a wrong checksum', buildImage({ segments: [SPIN], checksum: 1 })],
  ['another chip', buildImage({ segments: [SPIN], header: { 12: 0 } })],
  ['an illegal instruction', fault('start: ill\n')],
  ['a null pointer', fault('start: movi a10, 0\n  l32i a10, a10, 40\n')],
  ['a store into ROM', fault('start: movi a3, 0x40000000\n  s32i a10, a3, 0\n')],
];

/** What an image prints, with carriage returns, and the chip after it. */
function boot(
  flash: Uint8Array,
  rom: Uint8Array | undefined,
  until: (chip: Chip, printed: string) => boolean,
) {
  const chip = createChip({ flash, rom, mac: [0, 1, 2, 3, 4, 5] });
  let printed = '';
  chip.uart0.onOutput((byte) => (printed += String.fromCharCode(byte)));
  chip.run({ untilSeconds: 0.3, until: () => until(chip, printed) });
  return { chip, printed };
}
const log = (flash: Uint8Array, rom?: Uint8Array) => boot(flash, rom, () => false).printed;
const atEntry = (rom?: Uint8Array) =>
  boot(spin, rom, ({ cores }) => cores[0].running && cores[0].state.pc === 0x40378000).chip;

const both = needing("the stand-in and the chip's own ROM", !!maskRom, 'ESP32S3_ROM names no file of it');
describe.skipIf(!maskRom)(both, () => {
  it.each(maskRom ? images : images.slice(0, 1))('print the same for %s', (_, flash) => {
    expect(log(flash)).toBe(log(flash, maskRom));
  });
  if (!maskRom) return; // said by one skipped test, not by twenty

  it.each([
    ['stand-in', undefined],
    ['own ROM', maskRom],
  ] as const)('wait in download mode for a tool, and answer it: %s', (_, rom) => {
    const chip = createChip({ rom, bootPin: 0 });
    let answer: number[] = [];
    chip.uart0.onOutput((byte) => answer.push(byte));
    chip.run({ untilSeconds: 5 });
    expect(Buffer.from(answer).toString('latin1').match(/rst:/g)).toHaveLength(1);
    const packet = [
      0xc0,
      0,
      8,
      36,
      0,
      0,
      0,
      0,
      0,
      7,
      7,
      0x12,
      0x20,
      ...new Array<number>(32).fill(0x55),
      0xc0,
    ];
    answer = [];
    for (let tries = 0; tries < 5 && answer.length === 0; tries++) {
      chip.uart0.receive(Uint8Array.from(packet));
      chip.run({ untilSeconds: chip.seconds + 0.1 });
    }
    expect(Buffer.from(answer.slice(0, 5)).toString('hex')).toBe('c001080400');
  });

  it('leave the same registers at the entry', () => {
    const ours = atEntry().cores[0];
    const theirs = atEntry(maskRom).cores[0];
    const visible = ({ ar, special }: typeof ours.state) =>
      Array.from({ length: 16 }, (_, index) => ar[(4 * special[SR.windowbase] + index) & 63] >>> 0);
    expect(visible(ours.state)).toEqual(visible(theirs.state));
    const special = Object.entries(SR).filter(([name]) => !/ccount|epc1/.test(name));
    for (const [name, number] of special)
      expect([name, ours.state.special[number] >>> 0]).toEqual([name, theirs.state.special[number] >>> 0]);
    expect([...ours.dataAttributes]).toEqual([...theirs.dataAttributes]);
  });

  it('start core 1 with the same registers', () => {
    const source = `
control: .word 0x600c0000
start:
  l32r a3, control
  movi a4, second
  s32i a4, a3, 4
  movi a4, 2
  s32i a4, a3, 0
1: j 1b
second:
  j second
`;
    const segment = assembleSegment(source);
    const flash = buildImage({ segments: [segment], entry: segment.entry });
    const [ours, theirs] = [undefined, maskRom].map(
      (rom) => boot(flash, rom, () => false).chip.cores[1].state,
    );
    expect([...ours.ar]).toEqual([...theirs.ar]);
    expect(ours.pc).toBe(theirs.pc);
    for (const name of ['windowbase', 'windowstart', 'ps', 'vecbase', 'intenable'] as const)
      expect([name, ours.special[SR[name]]]).toEqual([name, theirs.special[SR[name]]]);
  });

  it('leave the same peripheral registers', () => {
    const [ours, theirs] = [atEntry(), atEntry(maskRom)];
    const addresses = [
      0x60000014, 0x60000020, 0x60000024, 0x60000078, 0x60002008, 0x60002010, 0x60002014, 0x60002018,
      0x60003008, 0x60003010, 0x60003014, 0x60003018, 0x6000301c, 0x60003020, 0x600030dc, 0x60008094,
      0x60009070, 0x60009074, 0x600c0008, 0x600c000c, 0x600c001c, 0x600c0024, 0x600c4000, 0x600c4004,
      0x600c4060, 0x600c4064, 0x600ce048, 0x600ce04c,
    ];
    const read = (chip: Chip, address: number) => {
      const block = chip.peripherals.blocks.find(
        ({ base, size }) => address >= base && address < base + size,
      )!;
      return [address.toString(16), block.peripheral.read(address - block.base)];
    };
    for (const address of addresses) expect(read(ours, address)).toEqual(read(theirs, address));
  });

  it('take nearly as long, and do not wait for UART0', () => {
    const [ours, theirs] = [atEntry(), atEntry(maskRom)];
    expect(Math.abs(ours.seconds / theirs.seconds - 1)).toBeLessThan(0.03);
    expect(Math.abs(ours.uart0.transmitCount() - theirs.uart0.transmitCount())).toBeLessThan(3);
    expect(ours.uart0.transmitCount()).toBeGreaterThan(0);
  });
});
