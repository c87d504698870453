/**
 * What random code does, to the bit and the cycle, in all the situations that a core can be in: it says that something changed, not that it is
 * right. Where the cycle model changes on purpose, the figures change with it.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { assembleText, opcodes } from '../../xtensa/index.ts';
import { ACCESS } from '../bus/bus.ts';
import { createFlatBus, type FlatBus } from '../bus/flat-bus.ts';
import { type Core, createCore } from './core.ts';
import { createExplainer } from './explain.ts';
import { SR } from './state.ts';

const CODE = 0x40378000;
const VECTORS = 0x40377000;
const DATA = 0x3fca0000;
/** A device, and memory behind a cache. */
const DEVICE = 0x60000000;
const CACHED = 0x3c000000;
const LENGTH = 48;

type Random = (below: number) => number;
function createRandom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1);
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state ^ (state >>> 13)) >>> 0) % below);
  };
}

const bytesOf = (line: string): Uint8Array => assembleText(line, { exact: true }).sections[0].bytes;

/** Handlers that go on behind what went wrong, and back where something else came. */
const handlers: readonly (readonly [offset: number, code: string])[] = [
  ...[0x300, 0x340].map(
    (offset) => [offset, 'rsr.epc1 a14\naddi a14, a14, 3\nwsr.epc1 a14\nwsr.intclear a13\nrfe'] as const,
  ),
  [0x3c0, 'rsr.depc a14\naddi a14, a14, 3\nwsr.epc1 a14\nrfe'],
  ...[2, 3, 4, 5].map((level) => [0x140 + 64 * level - 64, `rsil a13, 7\nrfi ${level}`] as const),
  [0x280, 'rsr.epc6 a14\naddi a14, a14, 3\nwsr.epc6 a14\nrfi 6'],
  ...[0x00, 0x80, 0x100].map((offset) => [offset, 's32e a0, a5, -16\nrfwo'] as const),
  ...[0x40, 0xc0, 0x140].map((offset) => [offset, 'l32e a0, a5, -16\nrfwu'] as const),
];
const handlerBytes = handlers.map(([offset, code]) => [offset, bytesOf(code)] as const);

/** Which NaN comes out of arithmetic is the host's business. */
const all = opcodes.filter(({ name }) => !/\.s$/.test(name) || /^(mov|abs|neg|float|ufloat)/.test(name));
const common = all.filter(({ name }) =>
  /^(add|sub|l32|l16|l8|s32|s16|s8|mov|b|j|call|ret|loop|entry|sl|sr|ss|mul|quo|rem|ee\.|extui)/.test(name),
);

function randomCode(random: Random): Uint8Array {
  const bytes: number[] = [];
  while (bytes.length < LENGTH) {
    const list = random(4) > 0 ? common : all;
    const { value, mask, length } = list[random(list.length)];
    const word = ((random(2 ** 32) & ~mask) | value) >>> 0;
    for (let i = 0; i < length; i++) bytes.push((word >>> (8 * i)) & 255);
  }
  return Uint8Array.from(bytes);
}

const places = [DATA, DATA + 256, DATA + 16, DATA + 0x1ffc, DEVICE, CACHED, CACHED + 64, CODE];
function randomWord(random: Random): number {
  const kind = random(8);
  if (kind < 4) return places[random(places.length)] + 16 * random(8);
  if (kind === 4) return places[random(places.length)] + random(32);
  return kind < 7 ? random(64) - 8 : random(2 ** 32) | 0;
}

/** What each situation sets up, beside random registers. */
const situations: Readonly<Record<string, (core: Core, bus: FlatBus, random: Random) => void>> = {
  plain: () => {},
  'registers in windows': ({ state: { special } }, _, random) => {
    special[SR.ps] |= 0x40000 | (random(4) << 16);
    special[SR.windowbase] = random(16);
    special[SR.windowstart] = (1 << special[SR.windowbase]) | random(0x10000);
  },
  'a hardware loop that is on': ({ state: { special } }, _, random) => {
    special[SR.lbeg] = CODE + random(12);
    special[SR.lend] = CODE + 12 + random(24);
    special[SR.lcount] = 1 + random(5);
  },
  'timers and interrupts': (core, _, random) => {
    const { special } = core.state;
    for (let i = 0; i < 3; i++) special[SR.ccompare0 + i] = 5 + random(90);
    special[SR.intenable] = -1;
    special[SR.interrupt] = 1 << random(32);
    special[SR.ps] = (special[SR.ps] & ~0xf) | random(3);
    core.setInterruptLines(random(2 ** 32) & random(2 ** 32));
  },
  breakpoints: ({ state: { special } }, _, random) => {
    special[SR.ibreaka0] = CODE + random(32);
    special[SR.ibreaka0 + 1] = CODE + random(32);
    special[SR.ibreakenable] = random(4);
    special[SR.dbreaka0] = DATA + 16 * random(8);
    special[SR.dbreakc0] = 0xc0000030 | random(16);
    special[SR.icount] = -2 - random(20);
    special[SR.icountlevel] = random(3);
  },
  'code behind a cache': (_, bus) => {
    const { locate } = bus;
    bus.isCachedCode = (address) => address >>> 12 === CODE >>> 12;
    bus.locate = (address, bytes, access, core, cycle) => {
      bus.stall = access === ACCESS.fetch ? (address >>> 5) % 7 : 0;
      return access === ACCESS.fetch
        ? locateMapped(bus, address)
        : locate(address, bytes, access, core, cycle);
    };
  },
  'no coprocessors, unusual attributes': (core, _, random) => {
    core.state.special[SR.cpenable] = random(256);
    core.dataAttributes[DATA >>> 29] = random(16);
  },
};

const locateMapped = ({ memory }: FlatBus, address: number): number => {
  const delta = memory.loadMap[address >>> 12];
  return delta === 0 ? -1 : (address + delta) | 0;
};

interface Prepared {
  readonly core: Core;
  readonly bus: FlatBus;
  /** What was read and written of the device. */
  readonly log: string[];
}

function prepare(situation: string, seed: number): Prepared {
  const random = createRandom(seed);
  const bus = createFlatBus(0x40000);
  bus.provide(DATA, 0x2000);
  bus.load(VECTORS, new Uint8Array(0x400));
  for (const [offset, bytes] of handlerBytes) bus.load(VECTORS + offset, bytes);
  bus.load(CODE, randomCode(random));
  const log: string[] = [];
  bus.read = (address, bytes, _, cycle) => {
    log.push(`read ${address} ${bytes} ${cycle}`);
    bus.stall = 9;
    return address === DEVICE + 4 ? 0 : address;
  };
  bus.write = (address, bytes, value, _, cycle) => {
    log.push(`write ${address} ${bytes} ${value} ${cycle}`);
    bus.stall = 3;
  };
  const core = createCore({ bus, core: 0 });
  const { state } = core;
  for (let i = 0; i < 64; i++) state.ar[i] = randomWord(random);
  for (let i = 0; i < 16; i++)
    state.fpu.bits[i] = random(3) === 0 ? random(2 ** 32) | 0 : 0x3f800000 + (random(64) << 20);
  for (let i = 0; i < state.pie.qs32.length; i++) state.pie.qs32[i] = random(2 ** 32) | 0;
  state.special[SR.ps] = 0x20;
  state.special[SR.cpenable] = 0xff;
  state.special[SR.vecbase] = VECTORS;
  state.special[SR.scompare1] = 0;
  situations[situation](core, bus, random);
  state.pc = CODE;
  core.stateChanged();
  return { core, bus, log };
}

/** All that can be seen of a core and its memory. */
function seen({ core, bus, log }: Prepared): unknown {
  const { state } = core;
  return [
    [state.pc, core.cycles, core.instructions, core.waiting],
    [...state.ar],
    [...state.special],
    [...state.fpu.bits],
    [...state.pie.qs32],
    [...core.cyclesByCode()].sort(([one], [other]) => one - other),
    Array.from({ length: 0x800 }, (_, i) => bus.read32(DATA + 4 * i)),
    log,
  ];
}

/** What stopped the core, beside its own exceptions. */
function failure(run: () => void): string {
  try {
    run();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const PROGRAMS = 14;

function fingerprint(situation: string, first: number): string {
  const hash = createHash('sha1');
  for (let seed = first; seed < first + PROGRAMS; seed++) {
    const whole = prepare(situation, seed);
    for (const until of [25, 60, 61, 140])
      hash.update(failure(() => whole.core.runUntil(until))).update(JSON.stringify(seen(whole)));
    const stepped = prepare(situation, seed);
    const explainer = createExplainer(stepped.core, stepped.bus);
    for (let step = 0; step < 30; step++) hash.update(failure(() => explainer.step()));
    hash.update(JSON.stringify([seen(stepped), explainer.lines()]));
  }
  return hash.digest('hex').slice(0, 8);
}

it.each([
  ['plain', 'b90d4f74'],
  ['registers in windows', 'bc6555f5'],
  ['a hardware loop that is on', 'b51a8528'],
  ['timers and interrupts', 'a1b58da3'],
  ['breakpoints', '9fa900c4'],
  ['code behind a cache', '7015a1d2'],
  ['no coprocessors, unusual attributes', '895d3bc1'],
])('%s', (situation, kept) => {
  const first = 100 * Object.keys(situations).indexOf(situation);
  expect(fingerprint(situation, first)).toBe(kept);
});
