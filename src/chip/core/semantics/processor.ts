/**
 * Memory ordering, region attributes (the core's "TLB" instructions) and debug port instructions.
 * Source: Xtensa ISA reference manual, section 4.6.3 (region protection).
 */
import type { Emitter } from './context.ts';

const attribute =
  (side: 'data' | 'code'): Emitter =>
  ({ art, ars }) =>
    `$X.setAttribute('${side}',${ars},${art});`;

/** A region's page number; the probe adds the hit bit. */
const region =
  (flags: number): Emitter =>
  ({ art, ars }) =>
    `${art}=(${ars}&0xe0000000)|${flags};`;

const readAttribute =
  (side: 'data' | 'code'): Emitter =>
  ({ art, ars }) =>
    `${art}=(${ars}&0xe0000000)|$X.attribute('${side}',${ars});`;

const nothing: Emitter = () => '';

const unsupported =
  (mnemonic: string, reason: string): Emitter =>
  (_, { pc, beforeCall }) =>
    `${beforeCall}$X.unsupported('${mnemonic}',${pc | 0},'${reason}');`;

const debugPort = 'it belongs to the on-chip debug module, which is not simulated';

const processor: Record<string, Emitter> = {
  memw: (_, context) => `${context.beforeCall}$X.fence();${context.afterCall}`,
  idtlb: nothing,
  iitlb: nothing,
  wdtlb: attribute('data'),
  witlb: attribute('code'),
  pdtlb: region(1),
  pitlb: region(1),
  rdtlb0: region(0),
  ritlb0: region(0),
  rdtlb1: readAttribute('data'),
  ritlb1: readAttribute('code'),
  // External registers belong to the debug module. They read as they do with no debugger attached, which is what firmware asks.
  rer: ({ art }) => `${art}=0;`,
  wer: nothing,
  'lddr32.p': unsupported('lddr32.p', debugPort),
  'sddr32.p': unsupported('sddr32.p', debugPort),
  rfdo: unsupported('rfdo', debugPort),
  rfdd: unsupported('rfdd', debugPort),
};

export const processorEmitter = (name: string): Emitter | undefined => processor[name];
