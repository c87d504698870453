/** A model, a board and the device program become a flash image. */
import { type Cache, noCache } from '../cache.ts';
import { type Board, defaultBoard, psramMegahertz } from '../chip/boards/index.ts';
import { numbers } from '../contract/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { piecesOf, type Tokenizer, type TokenizerPieces } from '../model/index.ts';
import { configOf, type Part, type QuantizedModel } from '../quantize/index.ts';
import { type LinkedCode, link } from '../xtensa/index.ts';
import { bannerText, binding, readyText } from './banner.ts';
import { itemsOfPart, linkNumbers } from './chain/items.ts';
import { blobContents, flashData, joinSegments, sramPieces, zeroTable } from './contents.ts';
import { checkDrafter, drafterContents, drafterContext, drafterNumbers } from './drafter.ts';
import { MAPPED_OFFSET, writeFlash, writeImage } from './image.ts';
import { lentNumbers, lentWords } from './lending.ts';
import { INSTRUCTION_ALIAS, type MemoryItem, MMU_PAGE, type PlacedItem, SRAM, SRAM0 } from './memory.ts';
import { createMemoryMap, type MemoryMap, mapFingerprint } from './memory-map.ts';
import { type MemoryPlan, planMemory } from './plan.ts';
import type { Draft } from './plan-items.ts';
import {
  dataItems,
  type ProgramCode,
  placeCode,
  programCode,
  programItems,
  sectionAddresses,
  startSymbol,
} from './program.ts';
import { screenConstants, screenItems } from './screen/index.ts';
import { startCode } from './start.ts';
import {
  BANNER_BYTES,
  type GrammarMemory,
  readyBytes,
  STACK_BYTES,
  systemConstants,
  systemItems,
} from './system.ts';
import { VERSION } from './version.ts';

export interface FirmwareOptions extends GrammarMemory {
  model: QuantizedModel;
  tokenizer: Tokenizer;
  programs: DevicePrograms;
  /** For the greeting. */
  modelName?: string;
  board?: Board;
  /** Positions; default: as many as fit. */
  context?: number;
  /** Where guesses of what follows come from (default: the text so far), for models whose weights stream. */
  draft?: Draft;
  cores?: 1 | 2;
  /** Hand-written kernels for the vector unit; default true. */
  pie?: boolean;
  /** CPU clock in MHz; default 240. */
  clock?: 80 | 160 | 240;
  /** Weights in SRAM as far as they fit (default), or all in flash. */
  weights?: 'sram' | 'flash';
  asInt8?: () => QuantizedModel;
  /** Keeps compiled programs between runs. */
  cache?: Cache;
}

/** A function in the image. */
export interface CodeRange {
  name: string;
  address: number;
  bytes: number;
  /** Its first instruction: literals may lie before it. */
  entry: number;
}

export interface Firmware {
  /** Contents of the flash chip from address 0. */
  flash: Uint8Array;
  /** Bytes of the bootable image within it, its digest included. */
  imageBytes: number;
  board: Board;
  context: number;
  /** Positions of a prompt that are read in one pass over the weights; 0: one by one. */
  lanes: number;
  /** Tokens that are guessed ahead at most, to be checked in one pass; 0: none. */
  drafts: number;
  /** Whether a small model guesses them, and not the text so far. */
  drafter: boolean;
  /** What it has of a model that lies on several boards. */
  part?: Part;
  cores: 1 | 2;
  pie: boolean;
  /** MHz. */
  clock: 80 | 160 | 240;
  memoryMap: MemoryMap;
  /** Global symbols of the code, and `item.NAME` for every item of the plan. */
  symbols: ReadonlyMap<string, number>;
  /** All functions, by address. */
  code: readonly CodeRange[];
  /** As the device reports it in JSON mode. */
  mapFingerprint: string;
  /** What its prompts are encoded with. */
  pieces: TokenizerPieces;
}

interface Settings {
  cores: 1 | 2;
  pie: boolean;
  clock: 80 | 160 | 240;
}

/** A plan and the code compiled for it, whose needs the plan has met. */
interface Settled {
  plan: MemoryPlan;
  code: ProgramCode;
  addresses: Map<string, number>;
  /** Of the program, as the plan met them. */
  needs: readonly MemoryItem[];
}

/**
 * Builds the image. Throws a FailureError, with a table, for what does not fit, and a UsageError where a model is to guess for another that
 * has another vocabulary.
 */
export const buildFirmware = (options: FirmwareOptions): Firmware => buildWithNeeds(options).firmware;

/** {@link buildFirmware}; also what its program needs beside SRAM0, for plans of others like it. */
export function buildWithNeeds(options: FirmwareOptions): {
  firmware: Firmware;
  needs: readonly MemoryItem[];
} {
  if (typeof options.draft === 'object') checkDrafter(options.draft, options.model);
  const settings: Settings = {
    cores: options.cores ?? 2,
    pie: options.pie ?? true,
    clock: options.clock ?? 240,
  };
  const board = options.board ?? defaultBoard;
  const { plan, code, addresses, needs } = settle(options, board, settings);
  const linked = link(code.objects, placementOf(code, addresses));

  const map = createMemoryMap(plan.context, [...plan.placed, codeItem(code)], board);
  const fingerprint = mapFingerprint(map);
  const contents = blobContents(options.model, addresses);
  for (const [name, bytes] of plan.drafter ? drafterContents(plan.drafter, addresses) : [])
    contents.set(name, bytes);
  for (const { name, contents: bytes } of [
    ...itemsOfPart(
      options.model,
      board,
      systemItems(options.model.config, options.tokenizer, plan.context, options),
    ),
    ...screenItems(board.screen, { modelName: options.modelName }),
  ]) {
    if (bytes) contents.set(name, bytes);
  }
  if (plan.lent) contents.set('lentWords', lentWords(options.model, plan.lent, addresses));
  contents.set('banner', textBytes(bannerOf(options, board, settings, map), BANNER_BYTES));
  contents.set(
    'readyLine',
    textBytes(
      readyText(nameOf(options), { context: plan.context, map: fingerprint, ...binding(options) }),
      readyBytes(options.template),
    ),
  );
  contents.set('zeroRanges', zeroTable(plan.placed).bytes);

  const image = writeImage({
    entry: linked.symbols.get('entry0')!,
    segments: joinSegments([
      ...linked.segments.map(({ address, bytes }) => ({ address: onDataBus(address), bytes })),
      ...code.fixedData,
      ...sramPieces(plan.placed, contents),
    ]),
    mode: board.flashMode,
    megahertz: board.flashMegahertz,
    megabytes: board.flashBytes >> 20,
  });
  const flash = writeFlash(image, flashData(plan, contents));
  const firmware: Firmware = {
    flash,
    imageBytes: image.length,
    board,
    context: plan.context,
    lanes: plan.lanes,
    drafts: plan.drafts,
    drafter: plan.drafter !== undefined,
    ...(options.model.part && { part: options.model.part }),
    ...settings,
    memoryMap: map,
    symbols: new Map([
      ...linked.symbols,
      ...[...addresses].map(([name, address]) => [`item.${name}`, address] as const),
    ]),
    code: codeRanges(linked, code),
    mapFingerprint: fingerprint,
    pieces: piecesOf(options.tokenizer),
  };
  return { firmware, needs };
}

/**
 * Plan and program depend on each other: the program's code and data need room, and their size depends a little on the
 * numbers that the plan gives. The data are known before; where code does not fit SRAM0, or a model guesses, more rounds settle it, in which
 * needs only grow.
 */
function settle(options: FirmwareOptions, board: Board, settings: Settings): Settled {
  const constant = {
    cores: settings.cores,
    pie: settings.pie,
    programs: options.programs,
    shape: options.model.shape,
  };
  const cache = options.cache ?? noCache;
  let needs = dataItems(constant, cache);
  for (;;) {
    const plan = planMemory({ ...options, board, program: needs });
    const addresses = new Map(plan.placed.map(({ name, address }) => [name, address]));
    const program = {
      ...constant,
      start: startMemory(addresses),
      numbers: numbersOf(options, board, settings, plan, addresses),
    };
    const { drafter } = plan;
    const drafting = drafter && {
      numbers: { ...program.numbers, ...drafterNumbers(drafter, plan.context, addresses) },
      shape: drafter.shape,
    };
    const code = programCode({ ...program, drafter: drafting }, cache);
    const wanted = programItems(code);
    if (wanted.every((item) => fits(item, needs))) return { plan, code, addresses, needs };
    needs = wanted.map((item) => larger(item, needs));
  }
}

const fits = (item: MemoryItem, given: readonly MemoryItem[]): boolean =>
  given.some(({ name, bytes, align }) => name === item.name && bytes >= item.bytes && align >= item.align);

function larger(item: MemoryItem, given: readonly MemoryItem[]): MemoryItem {
  const before = given.find(({ name }) => name === item.name);
  return before && before.bytes > item.bytes ? { ...item, bytes: before.bytes } : item;
}

const startMemory = (addresses: ReadonlyMap<string, number>) => ({
  stackTops: [addresses.get('stack0')! + STACK_BYTES, addresses.get('stack1')! + STACK_BYTES] as const,
  panicFrames: addresses.get('panicFrames')!,
});

/** Addresses of what an image may be without. */
const NOWHERE: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(numbers).flatMap((rows) =>
    Object.entries(rows).flatMap(([name, { type }]) => (type === 'usize' ? [[name, 0]] : [])),
  ),
);

/** Everything that the device program imports as `config.NAME`. */
function numbersOf(
  options: FirmwareOptions,
  board: Board,
  { cores, clock }: Settings,
  plan: MemoryPlan,
  addresses: ReadonlyMap<string, number>,
): Record<string, number> {
  const { model, tokenizer } = options;
  const zero = zeroTable(plan.placed);
  const stub = startCode(startMemory(addresses), cores);
  return {
    ...NOWHERE,
    grammarRoomBytes: options.grammarRoom ?? 0,
    ...screenConstants(board.screen),
    ...configOf(model, plan.context, addresses),
    ...Object.fromEntries(addresses),
    ...linkNumbers(model, board, clock),
    lanes: plan.lanes,
    ...(plan.lent && lentNumbers(plan.lent, addresses)),
    drafts: plan.drafts,
    drafter: plan.drafter ? drafterContext(plan.drafter, plan.context) : 0,
    ...systemConstants(tokenizer, options),
    cores,
    clockMegahertz: clock,
    zeroRangeCount: zero.count,
    earlyRangeCount: zero.early,
    flashOffset: MAPPED_OFFSET,
    flashPages: Math.ceil(plan.flashBytes / MMU_PAGE),
    psramPages: Math.ceil(plan.psramBytes / MMU_PAGE),
    copiedBytes: plan.copiedBytes,
    psramKind: board.psramMode === 'octal' ? 2 : board.psramMode === 'quad' ? 1 : 0,
    psramMegahertz: psramMegahertz(board),
    entry1: cores === 2 ? startSymbol(stub, 'entry1') : 0,
  };
}

function placementOf(code: ProgramCode, addresses: ReadonlyMap<string, number>) {
  const places = sectionAddresses(code, addresses);
  return (section: Parameters<typeof places.get>[0]) => places.get(section);
}

/** What lies in SRAM0, as an entry of the map. */
function codeItem({ objects }: ProgramCode): PlacedItem {
  return {
    name: 'code',
    purpose: 'code',
    bytes: placeCode(objects, 0).used,
    align: 4,
    lifetime: 'loaded',
    memory: 'sram',
    zero: false,
    reads: 0,
    writes: 0,
    region: 'sram0',
    address: SRAM0.start,
  };
}

/** Code in SRAM1 is loaded through the data bus, like what lies beside it. */
const onDataBus = (address: number): number =>
  address >= SRAM0.end && address < SRAM.end + INSTRUCTION_ALIAS ? address - INSTRUCTION_ALIAS : address;

const nameOf = ({ modelName }: FirmwareOptions): string => modelName ?? 'unnamed';

function bannerOf(options: FirmwareOptions, board: Board, { cores, pie }: Settings, map: MemoryMap): string {
  return bannerText({
    model: options.model,
    modelName: nameOf(options),
    boardName: board.name,
    version: VERSION,
    cores,
    pie,
    map,
  });
}

/** Text and zeros up to the size of its item. */
function textBytes(text: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  new TextEncoder().encodeInto(text, bytes.subarray(0, size - 1));
  return bytes;
}

/** What the compiler calls the first instruction of a function (src/compiler/back). */
const ENTRY = /^\.Lfunction\./;

/** One range a function: compiled ones have sections of their own, named after them, hand-written ones share a section. */
function codeRanges({ segments, symbols }: LinkedCode, { objects }: ProgramCode): CodeRange[] {
  const sections = new Map(
    objects.flatMap((object) => object.sections.map((section) => [section.name, section])),
  );
  const entryWithin = (name: string): number =>
    [...(sections.get(`.text.${name}`)?.symbols ?? [])].find(([symbol]) => ENTRY.test(symbol))?.[1] ?? 0;
  const sorted = [...symbols].sort((a, b) => a[1] - b[1]);
  const ranges = segments
    .filter(({ address }) => address >= SRAM0.start)
    .flatMap(({ name, address, bytes }): CodeRange[] => {
      const end = address + bytes.length;
      const own = /^\.text\.(.+)$/.exec(name)?.[1];
      if (own) return [{ name: own, address, bytes: bytes.length, entry: address + entryWithin(own) }];
      const inside = sorted.filter(([, at]) => at >= address && at < end);
      return inside.map(([symbol, at], index) => ({
        name: symbol,
        address: at,
        bytes: (inside[index + 1]?.[1] ?? end) - at,
        entry: at,
      }));
    });
  return ranges.sort((a, b) => a.address - b.address);
}
