/**
 * The same as qacc.ts as text of the kind that instructions have (context.ts): a core's own code changes QACC's form many times a token, and
 * then stays within WebAssembly. One text for each form; they work on a core's state and return 0.
 */
import { QaccForm } from './state.ts';

const words = (half: number): string[] => [0, 1, 2, 3, 4].map((word) => `pie_qaccWords[${5 * half + word}]`);

/** Eight lanes of 20 bits are five words: those bits of lane i at 20 i. */
function packLanes20(half: number): string {
  const lane = (i: number) => `(pie_lanes20[${8 * half + i}]&0xfffff)`;
  const [w0, w1, w2, w3, w4] = words(half);
  return (
    `${w0}=${lane(0)}|${lane(1)}<<20;` +
    `${w1}=${lane(1)}>>>12|${lane(2)}<<8|${lane(3)}<<28;` +
    `${w2}=${lane(3)}>>>4|${lane(4)}<<16;` +
    `${w3}=${lane(4)}>>>16|${lane(5)}<<4|${lane(6)}<<24;` +
    `${w4}=${lane(6)}>>>8|${lane(7)}<<12;`
  );
}

function unpackLanes20(half: number, signed: boolean): string {
  const [w0, w1, w2, w3, w4] = words(half);
  const shift = signed ? '>>12' : '>>>12';
  /** Each lane in the high 20 bits of a word. */
  const lanes = [
    `${w0}<<12`,
    `(${w0}>>>20|${w1}<<12)<<12`,
    `${w1}<<4`,
    `(${w1}>>>28|${w2}<<4)<<12`,
    `(${w2}>>>16|${w3}<<16)<<12`,
    `${w3}<<8`,
    `(${w3}>>>24|${w4}<<8)<<12`,
    w4,
  ];
  return lanes.map((high, i) => `pie_lanes20[${8 * half + i}]=${high}${shift};`).join('');
}

/** Four lanes of 40 bits are five words: those bits of lane i at 40 i. */
function packLanes40(half: number): string {
  const [w0, w1, w2, w3, w4] = words(half);
  const parts = [0, 1, 2, 3].map((i) => {
    const lane = `pie_lanes40[${4 * half + i}]`;
    return `$l${i}=${lane}|0;$h${i}=((${lane}-($l${i}>>>0))*${2 ** -32}|0)&255;`;
  });
  return (
    parts.join('') +
    `${w0}=$l0;${w1}=$h0|$l1<<8;${w2}=$l1>>>24|$h1<<8|$l2<<16;${w3}=$l2>>>16|$h2<<16|$l3<<24;${w4}=$l3>>>8|$h3<<24;`
  );
}

function unpackLanes40(half: number, signed: boolean): string {
  const [w0, w1, w2, w3, w4] = words(half);
  const low = [w0, `(${w1}>>>8|${w2}<<24)`, `(${w2}>>>16|${w3}<<16)`, `(${w3}>>>24|${w4}<<8)`];
  const high = [w1, `${w2}>>>8`, `${w3}>>>16`, `${w4}>>>24`];
  const extended = (byte: string) => (signed ? `((${byte})<<24>>24)` : `((${byte})&255)`);
  return low
    .map((word, i) => `pie_lanes40[${4 * half + i}]=${extended(high[i])}*${2 ** 32}+(${word}>>>0);`)
    .join('');
}

const both = (half: (half: number) => string): string => half(0) + half(1);

const unpacked: Readonly<Record<number, string>> = {
  [QaccForm.raw]: '',
  [QaccForm.signed20]: both((half) => unpackLanes20(half, true)),
  [QaccForm.unsigned20]: both((half) => unpackLanes20(half, false)),
  [QaccForm.signed40]: both((half) => unpackLanes40(half, true)),
  [QaccForm.unsigned40]: both((half) => unpackLanes40(half, false)),
};

const isOneOf = (...forms: QaccForm[]): string => forms.map((form) => `$f===${form}`).join('||');

const toForm = (form: QaccForm): string =>
  'let $f=pie_control[0],$l0=0,$l1=0,$l2=0,$l3=0,$h0=0,$h1=0,$h2=0,$h3=0;' +
  `if(${isOneOf(form)}){return 0;}pie_control[0]=${form};if(${isOneOf(QaccForm.zero)}){return 0;}` +
  `if(${isOneOf(QaccForm.signed20, QaccForm.unsigned20)}){${both(packLanes20)}}` +
  `else{if(${isOneOf(QaccForm.signed40, QaccForm.unsigned40)}){${both(packLanes40)}}}` +
  `${unpacked[form]}return 0;`;

/** By the names under which instructions call them: `setQaccForm(state, form)`. */
export const qaccTexts: ReadonlyMap<string, string> = new Map(
  Object.keys(unpacked).map((form) => [`pie_qaccForm${form}`, toForm(Number(form) as QaccForm)]),
);
