/** Runs an exported component on simulated cores: its assembly text through our assembler, linked anywhere, called from C's ABI. */
import { readFileSync } from 'node:fs';
import { createFlatBus, type FlatBus } from '../../chip/bus/flat-bus.ts';
import { type Core, createCore } from '../../chip/core/core.ts';
import { PS, SR } from '../../chip/core/state.ts';
import { builtInCode } from '../../chip/exec/handlers.ts';
import { assembleText, type LinkedCode, link, sequentially } from '../../xtensa/index.ts';
import type { Component } from '../component.ts';
import type { Region } from '../layout.ts';

export interface StoryRequest {
  prompt: string;
  temperature: number;
  topp: number;
  topk?: number;
  minp?: number;
  penalty?: number;
  seed: bigint;
  tokens: number;
  cores: 1 | 2;
  /** Added to every address, a multiple of 16: nothing may depend on where things lie. */
  shift?: number;
  /** Packed. */
  grammar?: Uint8Array;
  /** Cycles between interrupts; 0: none. */
  interruptEvery?: number;
}

export interface StoryRun {
  tokens: number[];
  digest: bigint;
  /** By core. */
  interrupts: number[];
  cycles: number;
  /** What lies there when it is over. */
  word(region: Region, offset: number): number;
}

const AREAS = {
  code: 0x40378000,
  data: 0x3fc90000,
  working: 0x3fca0000,
  cache: 0x3fcb0000,
  weights: 0x3c100000,
};
const VECTORS = 0x40370000;
const STACKS = [0x3fce0000, 0x3fce8000];
const OTHER_STACKS = [0x3fcf0000, 0x3fcf4000];
const STACK_BYTES = 0x2000;
const USER_VECTOR = 0x340;
const TEXT = 0x3fcf8000;
const GRAMMAR = 0x3fcfa000;
/** Of CCOMPARE0: interrupt line 6, level 1. */
const TIMER_LINE = 1 << 6;
const TURN = 200;
/** What the test's program says when it ends: 1 all is well, 2 and 3 a frame was harmed, 4 an exception. */
const EXCEPTION = 4;
const LONGEST = 3e9;

const hexadecimal = (value: number): string => `0x${(value >>> 0).toString(16)}`;

const testing = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** A file of the component as the compiler driver hands it to the assembler outside of ESP-IDF. */
const assembled = (component: Component, name: string) =>
  assembleText(String(component.files.get(name)).replace('#include "sdkconfig.h"', ''), { preprocess: true });

function linkAll(component: Component, shift: number): LinkedCode {
  const code = sequentially(AREAS.code + shift);
  const data = sequentially(AREAS.data + shift);
  const objects = [
    ...['entry.S', 'kernels.S', 'program.S'].map((name) => assembled(component, name)),
    ...['story.s', 'interrupt.s'].map((name) => assembleText(testing(name))),
  ];
  return link(objects, (section, object) =>
    section.name.startsWith('.text') ? code(section, object) : data(section, object),
  );
}

const basesAt = (shift: number): Record<Region, number> => ({
  working: AREAS.working + shift,
  cache: AREAS.cache + shift,
  weights: AREAS.weights + shift,
});

/** What esp32_llm_init() does, from outside. */
function initialise(component: Component, bus: FlatBus, linked: LinkedCode, shift: number): void {
  const bases = basesAt(shift);
  const image = component.weights.bytes;
  const header = new DataView(image.buffer, image.byteOffset);
  const field = (index: number): number => header.getUint32(4 * index, true);
  bus.load(bases.weights, image);
  bus.load(bases.working, new Uint8Array(component.layout.workingBytes));
  bus.load(bases.cache, new Uint8Array(component.layout.cacheBytes));
  bus.load(bases.working, image.subarray(field(4), field(4) + field(5)));
  for (let index = 0; index < field(7); index++) {
    const word = bases.working + header.getUint32(field(6) + 4 * index, true);
    bus.write32(word, bus.read32(word) + bases.weights);
  }
  component.layout.words.forEach(({ region, offset }, index) => {
    bus.write32(linked.symbols.get('esp32_llm_words')! + 4 * index, bases[region] + offset);
  });
}

function writeRequest(bus: FlatBus, linked: LinkedCode, request: StoryRequest): void {
  const text = new TextEncoder().encode(request.prompt);
  bus.load(TEXT, text);
  const float = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0];
  const low = Number(request.seed & 0xffffffffn);
  const words = [TEXT, text.length, low, Number(request.seed >> 32n)];
  words.push(float(request.temperature), float(request.topp), request.tokens, 0, 0, 0, 0);
  words.push(request.topk ?? 0, float(request.minp ?? 0), float(request.penalty ?? 1));
  words.push(request.grammar ? GRAMMAR : 0);
  bus.load(GRAMMAR, request.grammar ?? new Uint8Array(4));
  words.forEach((word, index) => {
    bus.write32(linked.symbols.get('request')! + 4 * index, word);
  });
}

/** Window handlers at VECBASE; the vector of user exceptions leads to the test's handler. */
function writeVectors(bus: FlatBus, linked: LinkedCode): void {
  const code = builtInCode();
  const jump = link([assembleText('j on_interrupt', { exact: true })], () => VECTORS + USER_VECTOR, {
    symbols: { on_interrupt: linked.symbols.get('on_interrupt')! },
  });
  code.set(jump.segments[0].bytes, USER_VECTOR);
  bus.load(VECTORS, code);
}

function beginCore(core: Core, index: number, entry: number, bus: FlatBus, every: number): void {
  const { special, ar } = core.state;
  special[SR.ps] = PS.woe | PS.um;
  special[SR.vecbase] = VECTORS;
  special[SR.cpenable] = 0xff;
  special[SR.windowstart] = 1;
  ar[1] = STACKS[index];
  for (const stack of [STACKS[index], OTHER_STACKS[index]]) {
    bus.load(stack - STACK_BYTES, new Uint8Array(STACK_BYTES + 16));
    bus.write32(stack - 12, stack); // where the first frame's own registers go when it is spilled
  }
  if (every > 0) {
    special[SR.intenable] = TIMER_LINE;
    special[SR.ccompare0] = every;
  }
  core.state.pc = entry;
  core.stateChanged();
}

/** Linked once, and its code translated once: for the same component, whose files stay as they are. */
const linkedBefore = new WeakMap<Component, Map<number, LinkedCode>>();
const translatedBefore = new WeakMap<Component, Uint8Array>();

function linkOnce(component: Component, shift: number): LinkedCode {
  const byShift = linkedBefore.get(component) ?? new Map<number, LinkedCode>();
  linkedBefore.set(component, byShift);
  const linked = byShift.get(shift) ?? linkAll(component, shift);
  byShift.set(shift, linked);
  return linked;
}

/** Tells a story. Throws if a register of any frame did not survive. */
export function runComponent(component: Component, request: StoryRequest): StoryRun {
  const { shift = 0, interruptEvery = 0 } = request;
  const linked = linkOnce(component, shift);
  const at = (name: string): number => linked.symbols.get(name)!;
  const bus = createFlatBus(16 << 20);
  for (const { address, bytes } of linked.segments) bus.load(address, bytes);
  initialise(component, bus, linked, shift);
  writeRequest(bus, linked, request);
  writeVectors(bus, linked);
  let ended = 0;
  const cores = Array.from({ length: request.cores }, (_, index) => {
    const core = createCore({
      bus,
      core: index,
      simcall(registers, pc) {
        if (pc >= VECTORS && pc < VECTORS + 0x400) {
          const at = [SR.exccause, SR.depc, SR.epc1, SR.excvaddr].map((number) => core.state.special[number]);
          throw new Error(`core ${index}: cause, DEPC, EPC1, EXCVADDR: ${at.map(hexadecimal).join(' ')}`);
        }
        ended = registers.get(2);
        if (ended === EXCEPTION) {
          const about = [3, 5, 4].map((number) => hexadecimal(registers.get(number)));
          throw new Error(`core ${index}: exception of cause, at, for address: ${about.join(' ')}`);
        }
        core.running = false;
        core.stop();
        return undefined;
      },
    });
    core.reset();
    beginCore(core, index, at(`start${index}`), bus, interruptEvery && interruptEvery + 37 * index);
    bus.write32(at(`context${index}`) + 92, OTHER_STACKS[index]);
    bus.write32(at(`context${index}`) + 96, interruptEvery);
    core.running = true;
    return core;
  });
  const earlier = translatedBefore.get(component);
  if (earlier) cores[0].offerTranslations(earlier);
  for (let now = cores[0].cycles; ended === 0; now += TURN) {
    for (const core of cores) core.runUntil(now);
    if (now > LONGEST) throw new Error('the story does not end');
  }
  if (ended !== 1) throw new Error(`the test's program ended with ${ended}: a frame was harmed`);
  const translations = cores[0].keepTranslations();
  if (translations) translatedBefore.set(component, translations);
  const count = bus.read32(at('request') + 40);
  return {
    tokens: Array.from({ length: count }, (_, index) => bus.read32(at('tokens') + 4 * index)),
    digest:
      BigInt(bus.read32(at('request') + 32) >>> 0) | (BigInt(bus.read32(at('request') + 36) >>> 0) << 32n),
    interrupts: cores.map((_, index) => bus.read32(at(`context${index}`) + 88)),
    cycles: cores[0].cycles,
    word: (region, offset) => bus.read32(basesAt(shift)[region] + offset),
  };
}
