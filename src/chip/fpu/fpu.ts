/** The floating-point unit of one core: a function per opcode, on register numbers. */
import { add, multiply, multiplyAdd, type Outcome, subtract } from './arithmetic.ts';
import { fromInteger, roundHalfEven, toSigned, toUnsigned, unorderedFlags } from './conversions.ts';
import {
  addExponent,
  addExponentFromFraction,
  divisionAdjustment,
  finishDivision,
  narrowAndNegate,
  rootAdjustment,
} from './division.ts';
import { divisionSeed, reciprocalEstimate, rootEstimate, rootSeedNarrowed } from './seeds.ts';
import { FpuControl, type FpuState, RoundingMode } from './state.ts';

/** Register numbers in, register `r` (or the returned value) out; flags accumulate in FSR. */
export interface Fpu {
  add(r: number, s: number, t: number): void;
  sub(r: number, s: number, t: number): void;
  mul(r: number, s: number, t: number): void;
  /** f[r] + f[s] * f[t], one rounding. */
  madd(r: number, s: number, t: number): void;
  msub(r: number, s: number, t: number): void;
  /** The same, always to nearest and without flags. */
  maddn(r: number, s: number, t: number): void;
  divn(r: number, s: number, t: number): void;
  div0(r: number, s: number): void;
  recip0(r: number, s: number): void;
  sqrt0(r: number, s: number): void;
  rsqrt0(r: number, s: number): void;
  nexp01(r: number, s: number): void;
  mkdadj(r: number, s: number): void;
  mksadj(r: number, s: number): void;
  addexp(r: number, s: number): void;
  addexpm(r: number, s: number): void;
  constS(r: number, immediate: number): void;
  /** int32 of f[s] * 2^scale. */
  round(s: number, scale: number): number;
  trunc(s: number, scale: number): number;
  floor(s: number, scale: number): number;
  ceil(s: number, scale: number): number;
  /** Unsigned, as int32 bits. */
  utrunc(s: number, scale: number): number;
  /** f[r] = value * 2^-scale. */
  float(r: number, value: number, scale: number): void;
  ufloat(r: number, value: number, scale: number): void;
  un(s: number, t: number): boolean;
  oeq(s: number, t: number): boolean;
  ueq(s: number, t: number): boolean;
  olt(s: number, t: number): boolean;
  ult(s: number, t: number): boolean;
  ole(s: number, t: number): boolean;
  ule(s: number, t: number): boolean;
}

/** 0.0, 1.0, 2.0, 0.5; the silicon looks at the low two bits only. */
const constants = [0x00000000, 0x3f800000, 0x40000000, 0x3f000000];

export function createFpu({ f, bits, control }: FpuState): Fpu {
  const mode = () => (control[FpuControl.fcr] & 3) as RoundingMode;
  const put = (r: number, { bits: result, flags }: Outcome) => {
    bits[r] = result;
    control[FpuControl.fsr] |= flags;
  };
  const take = ({ bits: result, flags }: Outcome) => {
    control[FpuControl.fsr] |= flags;
    return result;
  };
  const unordered = (s: number, t: number, signaling: boolean) => {
    if (!Number.isNaN(f[s]) && !Number.isNaN(f[t])) return false;
    control[FpuControl.fsr] |= unorderedFlags(bits[s], bits[t], signaling);
    return true;
  };
  return {
    add: (r, s, t) => put(r, add(bits[s], bits[t], mode())),
    sub: (r, s, t) => put(r, subtract(bits[s], bits[t], mode())),
    mul: (r, s, t) => put(r, multiply(bits[s], bits[t], mode())),
    madd: (r, s, t) => put(r, multiplyAdd(bits[r], bits[s], bits[t], false, mode())),
    msub: (r, s, t) => put(r, multiplyAdd(bits[r], bits[s], bits[t], true, mode())),
    maddn: (r, s, t) => {
      bits[r] = multiplyAdd(bits[r], bits[s], bits[t], false, RoundingMode.nearest).bits;
    },
    divn: (r, s, t) => put(r, finishDivision(bits[r], bits[s], bits[t], mode())),
    div0: (r, s) => void (bits[r] = divisionSeed(bits[s])),
    recip0: (r, s) => put(r, reciprocalEstimate(bits[s])),
    sqrt0: (r, s) => void (bits[r] = rootSeedNarrowed(bits[s])),
    rsqrt0: (r, s) => put(r, rootEstimate(bits[s])),
    nexp01: (r, s) => void (bits[r] = narrowAndNegate(bits[s])),
    mkdadj: (r, s) => put(r, divisionAdjustment(bits[r], bits[s])),
    mksadj: (r, s) => put(r, rootAdjustment(bits[s])),
    addexp: (r, s) => void (bits[r] = addExponent(bits[r], bits[s])),
    addexpm: (r, s) => void (bits[r] = addExponentFromFraction(bits[r], bits[s])),
    constS: (r, immediate) => void (bits[r] = constants[immediate & 3]),
    round: (s, scale) => take(toSigned(bits[s], scale, roundHalfEven)),
    trunc: (s, scale) => take(toSigned(bits[s], scale, Math.trunc)),
    floor: (s, scale) => take(toSigned(bits[s], scale, Math.floor)),
    ceil: (s, scale) => take(toSigned(bits[s], scale, Math.ceil)),
    utrunc: (s, scale) => take(toUnsigned(bits[s], scale)),
    float: (r, value, scale) => put(r, fromInteger(value | 0, scale, mode())),
    ufloat: (r, value, scale) => put(r, fromInteger(value >>> 0, scale, mode())),
    un: (s, t) => unordered(s, t, false),
    oeq: (s, t) => !unordered(s, t, false) && f[s] === f[t],
    ueq: (s, t) => unordered(s, t, false) || f[s] === f[t],
    olt: (s, t) => !unordered(s, t, true) && f[s] < f[t],
    ult: (s, t) => unordered(s, t, false) || f[s] < f[t],
    ole: (s, t) => !unordered(s, t, true) && f[s] <= f[t],
    ule: (s, t) => unordered(s, t, false) || f[s] <= f[t],
  };
}
