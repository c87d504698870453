/** Finds the translation for where a core is, and makes it where there is none. */
import { type CompiledRegion, frontSlot, type RegionCache } from './cache.ts';
import type { Code } from './code.ts';
import { unpackVariant } from './select.ts';
import { type CoreState, SR, TIME } from './state.ts';
import { translate } from './translate.ts';

/**
 * @param instantiate makes a function of a translation's text (runtime.ts)
 * @returns the region for an address, under what translations rest on now
 */
export function createRegions(
  { special, time }: CoreState,
  code: Code,
  cache: RegionCache,
  instantiate: (text: string, pc: number) => () => number,
): (pc: number) => CompiledRegion {
  const compile = (pc: number, variant: number, loop: { begin: number; end: number } | undefined) => {
    code.begin(pc >>> 0);
    const translation = translate(pc >>> 0, unpackVariant(variant), code, loop);
    const offsets = translation.instructions.map((instruction) => code.offset(instruction.pc));
    const addresses = translation.instructions.flatMap(({ pc: at, next }) => [at, next]);
    const region: CompiledRegion = {
      pc: pc | 0,
      variant,
      run: instantiate(translation.text, pc),
      low: Math.min(...addresses),
      high: Math.max(...addresses),
      loopEnds: translation.loopEnds,
      offsets,
    };
    // What cannot be fetched now may be mapped later without notice.
    if (translation.instructions.length > 0) cache.add(region);
    return region;
  };

  return (pc) => {
    const variant = time[TIME.variant];
    const slot = frontSlot(pc, variant);
    let region = cache.slots[slot];
    if (region === undefined || region.pc !== pc || region.variant !== variant) {
      region = cache.find(pc, variant) ?? compile(pc, variant, undefined);
      cache.slots[slot] = region;
    }
    if (special[SR.lcount] === 0) return region;
    // A loop is on that began outside: its end may lie in the region's middle.
    const end = special[SR.lend] >>> 0;
    if (end <= region.low || end > region.high || region.loopEnds.has(end)) return region;
    return compile(pc, variant, { begin: special[SR.lbeg] >>> 0, end });
  };
}
