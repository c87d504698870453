/**
 * Single-precision exp, sin and cos with the last bit that glibc gives (2.28 and newer; the algorithms and their minimax constants
 * are those of Arm's optimized-routines, Szabolcs Nagy 2018). Correct rounding is not enough to follow run.c: in 0.1 percent of the
 * arguments of exp and 1 percent of those of sin and cos, glibc rounds the other way, and a sampled story then parts from the golden one.
 */
const { fround } = Math;

const TABLE_SIZE = 32;
/** 2^(i/32). */
const POWERS = Array.from({ length: TABLE_SIZE }, (_, i) => 2 ** (i / TABLE_SIZE));
const PER_LN2 = Math.LOG2E * TABLE_SIZE;
/** 2^(r/32) - 1 as a cubic in r, highest power first. */
const EXP_POLYNOMIAL = [
  0.05550361559341535 / TABLE_SIZE ** 3,
  0.2402284522445722 / TABLE_SIZE ** 2,
  0.6931471806916203 / TABLE_SIZE,
] as const;
/** Adding and taking away 1.5 * 2^52 rounds a double to the nearest integer. */
const ROUNDER = 6755399441055744;

/** e^x in IEEE single. */
export function expf(x: number): number {
  if (x > 88.72283935546875) return Number.POSITIVE_INFINITY;
  if (x < -103.97208404541016) return 0;
  const scaled = PER_LN2 * x;
  const whole = scaled + ROUNDER - ROUNDER;
  const r = scaled - whole;
  const index = whole & (TABLE_SIZE - 1);
  const power = POWERS[index] * 2 ** ((whole - index) / TABLE_SIZE);
  const [c3, c2, c1] = EXP_POLYNOMIAL;
  return fround(((c3 * r + c2) * (r * r) + (c1 * r + 1)) * power);
}

const HALF_PI = 1.5707963267948966;
/** What HALF_PI lacks of pi/2; needed for large arguments only, where glibc reduces in fixed point. */
const HALF_PI_REST = 6.123233995736766e-17;
const LARGE = 120;
/** 2/pi * 2^24. */
const PER_HALF_PI = 10680707.430881744;
const COSINE = [
  1, -0.49999999725108224, 0.041666623324344516, -0.001388676379437604, 0.000024390450703564542,
] as const;
const SINE = [-0.16666654943701084, 0.008332178146138854, -0.00019517298981385725] as const;
const SIGNS = [1, -1, -1, 1] as const;

function sinePolynomial(x: number): number {
  const x2 = x * x;
  const x3 = x * x2;
  return fround(x + x3 * SINE[0] + x3 * x2 * (SINE[1] + x2 * SINE[2]));
}

function cosinePolynomial(x: number): number {
  const x2 = x * x;
  const x4 = x2 * x2;
  return fround(COSINE[0] + x2 * COSINE[1] + x4 * COSINE[2] + x4 * x2 * (COSINE[3] + x2 * COSINE[4]));
}

/** sin(x + quarterTurns * pi/2) for quarterTurns 0 or 1. */
function turned(x: number, quarterTurns: 0 | 1): number {
  const quadrant = Math.floor((Math.trunc(x * PER_HALF_PI) + 0x800000) / 0x1000000);
  const rest = x - quadrant * HALF_PI - (Math.abs(x) >= LARGE ? quadrant * HALF_PI_REST : 0);
  if (((quadrant ^ quarterTurns) & 1) === 0) return sinePolynomial(rest * SIGNS[quadrant & 3]);
  const cosine = cosinePolynomial(rest);
  return (quadrant & 2) !== 0 ? -cosine : cosine;
}

/** Sine in IEEE single of an angle in radians. */
export function sinf(x: number): number {
  return turned(x, 0);
}

/** Cosine in IEEE single of an angle in radians. */
export function cosf(x: number): number {
  return turned(x, 1);
}
