/** Finds the translation for where a core is, and makes it where there is none. */
import type { CompiledRegion, RegionCache } from './cache.ts';
import type { Asked, Code } from './code.ts';
import type { ActiveLoop } from './graph.ts';
import type { Kept } from './kept.ts';
import { unpackVariant } from './select.ts';
import { type CoreState, SR, TIME } from './state.ts';
import { translate } from './translate.ts';
import type { Translated, Translations } from './translations.ts';
import type { Linker } from './wasm/linker.ts';

/** @returns the region for an address, under what translations rest on now */
export function createRegions(
  { special, time }: CoreState,
  code: Code,
  cache: RegionCache,
  translations: Translations,
  linker: Linker,
): (pc: number) => CompiledRegion {
  const translated = (pc: number, variant: number, loop: ActiveLoop | undefined): Translated => {
    const known = translations.find(pc, variant, loop, code);
    if (known) return known;
    code.begin(pc >>> 0);
    const asked: Asked = { instructions: new Map(), constants: new Map() };
    const source = code.listening(asked);
    const { text, instructions, loopEnds } = translate(pc >>> 0, unpackVariant(variant), source, loop);
    const body = linker.compile(text);
    // What cannot be fetched now may be mapped later without notice.
    if (instructions.length === 0)
      return { ...linker.link([body])[0], low: 0, high: 0, loopEnds, ranges: [] };
    const addresses = instructions.flatMap(({ pc: at, next }) => [at, next]);
    const kept: Kept = {
      pc: pc >>> 0,
      variant,
      loop: loop && [loop.begin, loop.end],
      runs: code.runsOf(asked),
      constants: [...asked.constants].map(([address, at]) => [address, at ?? -1]),
      low: Math.min(...addresses),
      high: Math.max(...addresses),
      loopEnds: [...loopEnds],
      body,
    };
    return translations.add(kept, code.match(kept) ?? []);
  };

  const compile = (pc: number, variant: number, loop: ActiveLoop | undefined): CompiledRegion => {
    const region: CompiledRegion = { ...translated(pc, variant, loop), pc: pc | 0, variant, cycles: 0 };
    if (region.ranges.length > 0) cache.add(region);
    return region;
  };

  return (pc) => {
    const variant = time[TIME.variant];
    let region = cache.inSlot(pc, variant);
    if (region === undefined) {
      region = cache.find(pc, variant) ?? compile(pc, variant, undefined);
      cache.use(region);
    }
    if (special[SR.lcount] === 0) return region;
    // A loop is on that began outside: its end may lie in the region's middle.
    const end = special[SR.lend] >>> 0;
    if (end <= region.low || end > region.high) return region;
    if (!region.loopEnds.has(end)) return compile(pc, variant, { begin: special[SR.lbeg] >>> 0, end });
    cache.use(region, end);
    return region;
  };
}
