/**
 * QACC seen in three ways: 320 raw bits, sixteen 20-bit lanes, eight 40-bit lanes. The multiply-accumulate
 * instructions work on lanes, the loads and stores on bits; this converts when the view changes.
 */
import { Control, type PieState, QaccForm } from './state.ts';

const two32 = 2 ** 32;
const two40 = 2 ** 40;

function packLanes20(state: PieState): void {
  const { lanes20, qacc } = state;
  for (let pair = 0; pair < 8; pair++) {
    const low = lanes20[2 * pair] & 0xfffff;
    const high = lanes20[2 * pair + 1] & 0xfffff;
    const at = 5 * pair;
    qacc[at] = low;
    qacc[at + 1] = low >>> 8;
    qacc[at + 2] = (low >>> 16) | (high << 4);
    qacc[at + 3] = high >>> 4;
    qacc[at + 4] = high >>> 12;
  }
}

function unpackLanes20(state: PieState, signed: boolean): void {
  const { lanes20, qacc } = state;
  const shift = signed ? 12 : 0;
  for (let pair = 0; pair < 8; pair++) {
    const at = 5 * pair;
    const low = qacc[at] | (qacc[at + 1] << 8) | ((qacc[at + 2] & 15) << 16);
    const high = (qacc[at + 2] >>> 4) | (qacc[at + 3] << 4) | (qacc[at + 4] << 12);
    lanes20[2 * pair] = (low << shift) >> shift;
    lanes20[2 * pair + 1] = (high << shift) >> shift;
  }
}

function packLanes40(state: PieState): void {
  const { lanes40, qacc } = state;
  for (let lane = 0; lane < 8; lane++) {
    const low = lanes40[lane] | 0;
    const at = 5 * lane;
    qacc[at] = low;
    qacc[at + 1] = low >>> 8;
    qacc[at + 2] = low >>> 16;
    qacc[at + 3] = low >>> 24;
    qacc[at + 4] = Math.floor(lanes40[lane] / two32);
  }
}

function unpackLanes40(state: PieState, signed: boolean): void {
  const { lanes40, qacc } = state;
  for (let lane = 0; lane < 8; lane++) {
    const at = 5 * lane;
    const low = (qacc[at] | (qacc[at + 1] << 8) | (qacc[at + 2] << 16) | (qacc[at + 3] << 24)) >>> 0;
    const value = qacc[at + 4] * two32 + low;
    lanes40[lane] = signed && value >= two40 / 2 ? value - two40 : value;
  }
}

/** Makes `form` the current one, converting the lanes if needed. */
export function setQaccForm(state: PieState, form: QaccForm): void {
  const { control } = state;
  const current = control[Control.qaccForm];
  if (current === form) return;
  if (current === QaccForm.zero) {
    control[Control.qaccForm] = form;
    return;
  }
  if (current === QaccForm.signed20 || current === QaccForm.unsigned20) packLanes20(state);
  else if (current !== QaccForm.raw) packLanes40(state);
  if (form === QaccForm.signed20 || form === QaccForm.unsigned20) {
    unpackLanes20(state, form === QaccForm.signed20);
  } else if (form !== QaccForm.raw) unpackLanes40(state, form === QaccForm.signed40);
  control[Control.qaccForm] = form;
}
