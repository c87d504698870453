import { expect, it } from 'vitest';
import { createFlatBus } from '../../bus/index.ts';
import { createCore, SR } from '../../core/index.ts';
import { describePanic } from './panic.ts';

/** By EXCCAUSE, as the ROM's text has them (docs/esp32-s3.md C9.1); numbers between are unknown to it. */
const NAMES = `
0 IllegalInstruction, 1 Syscall, 2 InstructionFetchError, 3 LoadStoreError, 4 Level1Interrupt, 5 Alloca, 6 IntegerDivideByZero, 7 PCValue,
8 Privileged, 9 LoadStoreAlignment, 12 InstrPDAddrError, 13 LoadStorePIFDataError, 14 InstrPIFAddrError, 15 LoadStorePIFAddrError,
16 InstTLBMiss, 17 InstTLBMultiHit, 18 InstFetchPrivilege, 20 InstrFetchProhibited, 24 LoadStoreTLBMiss, 25 LoadStoreTLBMultihit,
26 LoadStorePrivilege, 28 LoadProhibited, 29 StoreProhibited, 32 Cp0Dis, 33 Cp1Dis, 34 Cp2Dis, 35 Cp3Dis`;

it('an exception is called what the ROM calls it', () => {
  const names = new Map(
    NAMES.split(',')
      .map((cell) => cell.trim().split(' '))
      .map(([cause, name]) => [Number(cause), name]),
  );
  const { state } = createCore({ bus: createFlatBus(0x1000), core: 1 });
  for (let cause = 0; cause < 64; cause++) {
    state.special[SR.exccause] = cause;
    const [first] = describePanic(state, { peek: () => undefined }).split('\n');
    expect(first).toBe(`Guru Meditation Error: Core 1 panic'ed (${names.get(cause) ?? 'Unknown'})`);
  }
});

it('callers are told as far as memory goes, thirty of them at most', () => {
  const { state } = createCore({ bus: createFlatBus(0x1000), core: 0 });
  state.ar.fill(0);
  state.special[SR.windowbase] = 2;
  state.special[SR.epc1] = 0x40378003;
  state.ar.set([0x80370103, 0x3fc90000], 8);
  const backtrace = (peek: (address: number) => number | undefined) =>
    describePanic(state, { peek }).split('\n').at(-3);
  expect(backtrace(() => undefined)).toBe('Backtrace: 0x40378003:0x3fc90000');
  // Every frame is 64 bytes, and called from the same place.
  const endless = backtrace((address) => (address % 16 === 4 ? address - 4 + 80 : 0x80370203))!.split(' ');
  expect(endless).toHaveLength(1 + 30);
  expect(endless.slice(2, 4)).toEqual(['0x40370100:0x3fc90040', '0x40370200:0x3fc90080']);
  // A stack pointer that does not go up ends it, and so does a return to 0.
  expect(backtrace((address) => (address % 16 === 4 ? 0x3fc90000 : 1))).toBe(
    'Backtrace: 0x40378003:0x3fc90000',
  );
  expect(backtrace((address) => (address % 16 === 4 ? address + 76 : 0))!.split(' ')).toHaveLength(1 + 2);
});
