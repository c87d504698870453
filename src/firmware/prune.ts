/** Leaves out the functions that nothing calls once the builder's numbers are folded in: a board without a screen has no driver. */
import type { ObjectCode, Section } from '../xtensa/index.ts';

/** The objects without those code sections that cannot be reached from `isRoot` sections through any symbol. */
export function pruneCode(
  objects: readonly ObjectCode[],
  isRoot: (section: Section, object: ObjectCode) => boolean,
): ObjectCode[] {
  const everywhere = new Map<string, Section>();
  const within = new Map<Section, Map<string, Section>>();
  for (const { sections, globals } of objects) {
    const local = new Map<string, Section>();
    for (const section of sections) {
      within.set(section, local);
      for (const name of section.symbols.keys()) {
        local.set(name, section);
        if (globals ? globals.has(name) : !name.startsWith('.L')) everywhere.set(name, section);
      }
    }
  }
  const kept = new Set<Section>();
  const waiting = objects.flatMap((object) => object.sections.filter((section) => isRoot(section, object)));
  for (let section = waiting.pop(); section; section = waiting.pop()) {
    if (kept.has(section)) continue;
    kept.add(section);
    for (const { symbol } of section.relocations) {
      const target = within.get(section)?.get(symbol) ?? everywhere.get(symbol);
      if (target) waiting.push(target);
    }
  }
  return objects.map((object) => ({
    ...object,
    sections: object.sections.filter((section) => kept.has(section)),
  }));
}
