/** What lies between a core and the rest of the chip: the bus it sees, memory reached directly, the causes of its exceptions. */
export * from './bus.ts';
export { CAUSE, causeNames } from './causes.ts';
export { createFlatBus, type FlatBus } from './flat-bus.ts';
export { FIRST_WORD_BYTES, RECENT, type RecentLines } from './recent-lines.ts';
