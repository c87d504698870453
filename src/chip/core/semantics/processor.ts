/**
 * Memory ordering, region attributes (the core's "TLB" instructions) and debug port instructions.
 * Source: Xtensa ISA reference manual, section 4.6.3 (region protection).
 */
import { T } from '../names.ts';
import type { Emitter } from './context.ts';

const attribute =
  (side: 'Data' | 'Code'): Emitter =>
  ({ art, ars }) =>
    `$X.set${side}Attribute(${ars},${art});`;

/** A region's page number; the probe adds the hit bit. */
const region =
  (flags: number): Emitter =>
  ({ art, ars }) =>
    `${art}=(${ars}&0xe0000000)|${flags};`;

const readAttribute =
  (side: 'data' | 'code'): Emitter =>
  ({ art, ars }) =>
    `${art}=(${ars}&0xe0000000)|$X.${side}Attribute(${ars});`;

const nothing: Emitter = () => '';

/** Of the on-chip debug module, which is not simulated. */
export const debugPortInstructions = ['lddr32.p', 'sddr32.p', 'rfdo', 'rfdd'] as const;

const debugPort: Record<string, Emitter> = Object.fromEntries(
  debugPortInstructions.map((name, index): [string, Emitter] => [
    name,
    (_, { pc, beforeCall }) => `${beforeCall}$X.debugPort(${index},${pc | 0});`,
  ]),
);

const processor: Record<string, Emitter> = {
  memw: (_, context) => `if(${T.posted}!==0){${context.beforeCall}$X.fence();${context.afterCall}}`,
  idtlb: nothing,
  iitlb: nothing,
  wdtlb: attribute('Data'),
  witlb: attribute('Code'),
  pdtlb: region(1),
  pitlb: region(1),
  rdtlb0: region(0),
  ritlb0: region(0),
  rdtlb1: readAttribute('data'),
  ritlb1: readAttribute('code'),
  // External registers belong to the debug module. They read as they do with no debugger attached, which is what firmware asks.
  rer: ({ art }) => `${art}=0;`,
  wer: nothing,
  ...debugPort,
};

export const processorEmitter = (name: string): Emitter | undefined => processor[name];
