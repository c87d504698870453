/** Calls, entry and return: moves between virtual registers and the places of the calling convention. */

import type { Block, Value } from '../middle/ir.ts';
import { type Placement, placeArguments, placeResults, plainSignature } from './abi.ts';
import { callClobbers, type FrameArea } from './machine.ts';
import { isConstant, put, putConstant, type Rule, registerFor, type Selector, use } from './selector.ts';

const isFloat = (s: Selector, value: Value) => s.fn.values[value].type === 'f';
const SP = 1;

export const selectCall: Rule = (s, inst) => {
  const indirect = inst.op === 'callx';
  const args = indirect ? inst.args.slice(1) : inst.args;
  const signature = inst.signature ?? plainSignature(args.length, inst.results.length);
  const places = placeArguments(signature.params);
  const results = placeResults(signature.results);
  s.out.outgoing = Math.max(s.out.outgoing, places.stackBytes, results.stackBytes);
  const target = indirect ? use(s, inst.args[0]) : -1;
  give(s, args, places, 'outgoing');
  const call = indirect
    ? put(s, 'callx0', 's', target)
    : put(s, 'call0', 'o', { kind: 'symbol', name: inst.symbol, addend: 0 });
  call.uses = registersOf(places);
  const losses = s.lossesOf(inst.symbol);
  call.defs = losses ? [...new Set([0, ...losses, ...registersOf(results)])] : callClobbers;
  take(s, inst.results, results, 'outgoing');
};

export function selectEntry(s: Selector, entry: Block): void {
  take(s, entry.params, placeArguments(s.fn.signature.params), 'incoming');
}

export function selectReturn(s: Selector, args: readonly Value[]): void {
  const places = placeResults(s.fn.signature.results);
  give(s, args, places, 'incoming');
  put(s, 'ret', '').uses = registersOf(places);
}

function registersOf({ words }: Placement): number[] {
  return words.flatMap((word) => ('reg' in word ? [word.reg] : []));
}

/** Puts values where the other side expects them: the stack first, so that no argument register is held for longer. */
function give(s: Selector, values: readonly Value[], places: Placement, area: FrameArea): void {
  values.forEach((value, i) => {
    const place = places.words[i];
    if ('reg' in place) return;
    put(s, isFloat(s, value) ? 'ssi' : 's32i', 'sso', use(s, value), SP, {
      kind: 'frame',
      area,
      offset: place.stack,
    });
  });
  values.forEach((value, i) => {
    const place = places.words[i];
    if (!('reg' in place)) return;
    if (isFloat(s, value)) giveFloat(s, value, place.reg);
    else if (isConstant(s, value)) putConstant(s, place.reg, value);
    else put(s, 'mov', 'ds', place.reg, use(s, value));
  });
}

/** The bits of a float, in an address register. */
function giveFloat(s: Selector, value: Value, reg: number): void {
  const { kind, imm } = s.fn.values[value];
  if (kind === 'const') put(s, 'movi', 'di', reg, imm);
  else put(s, 'rfr', 'ds', reg, use(s, value));
}

/** Takes values from where the other side left them; what nobody reads stays there. */
function take(s: Selector, values: readonly Value[], places: Placement, area: FrameArea): void {
  const wanted = values
    .map((value, i) => ({ value, place: places.words[i] }))
    .filter(({ value }) => s.needed.has(value));
  for (const { value, place } of wanted)
    if ('reg' in place) put(s, isFloat(s, value) ? 'wfr' : 'mov', 'ds', registerFor(s, value), place.reg);
  for (const { value, place } of wanted) {
    if ('reg' in place) continue;
    const operand = { kind: 'frame', area, offset: place.stack } as const;
    put(s, isFloat(s, value) ? 'lsi' : 'l32i', 'dso', registerFor(s, value), SP, operand);
  }
}
