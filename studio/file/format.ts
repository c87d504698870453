/**
 * What a saved file holds: lines of JSON, compressed. The first says what story it is; then follows a line a token with what the model thought,
 * a line a token with where its time went, and in the end the machine code, which those lines leave out.
 */
import type { Extra } from '../../src/chip/index.ts';
import type { ExplainedFunction, ExplainedInstruction, Prediction } from '../../src/firmware/index.ts';
import type { Language, Theme } from '../state/appearance.ts';
import { RoomError } from '../state/room-error.ts';
import type { CodeLine, ModelFacts, Question, TokenLook, Told } from '../worker/protocol.ts';

export interface SavedHead {
  readonly told: Told;
  readonly asked: Question;
  readonly facts: ModelFacts;
  readonly prediction: Prediction;
  readonly language: Language;
  readonly theme: Theme;
}

export type SavedCode = Readonly<Record<string, readonly CodeLine[]>>;

/** Attention in numbers, as JSON has no bytes. */
export const packLook = ({ attention, ...look }: TokenLook): string =>
  JSON.stringify({ ...look, attention: attention.map((heads) => heads.map((weights) => [...weights])) });

const unpackLook = (line: string): TokenLook => {
  const { attention, ...look } = JSON.parse(line) as Omit<TokenLook, 'attention'> & {
    attention: number[][][];
  };
  return { ...look, attention: attention.map((heads) => heads.map((weights) => Uint8Array.from(weights))) };
};

type PackedLine = [times: number, cycles: number, extras: readonly Extra[]] | 0;
type PackedFunction = [
  name: string,
  cycles: ExplainedFunction['cycles'],
  lines: readonly [PackedLine, PackedLine][],
];

/** Where the time of a token went, or the sentence that says why that is not known. */
export function packKernels(kernels: readonly ExplainedFunction[] | string): string {
  if (typeof kernels === 'string') return JSON.stringify(kernels);
  const packed = ([first, second]: ExplainedInstruction['cores']): [PackedLine, PackedLine] => [
    first ? [first.times, first.cycles, first.extras] : 0,
    second ? [second.times, second.cycles, second.extras] : 0,
  ];
  return JSON.stringify(
    kernels.map(
      ({ name, cycles, lines }): PackedFunction => [name, cycles, lines.map(({ cores }) => packed(cores))],
    ),
  );
}

function unpackKernels(line: string, code: SavedCode): ExplainedFunction[] {
  const kernels = JSON.parse(line) as PackedFunction[] | string;
  if (typeof kernels === 'string') throw new RoomError(kernels, true);
  const core = (address: number, packed: PackedLine) =>
    packed === 0 ? undefined : { address, times: packed[0], cycles: packed[1], extras: packed[2] };
  return kernels.map(([name, cycles, lines]) => ({
    name,
    cycles,
    lines: lines.map(([first, second], index) => {
      const { address, text } = code[name][index];
      return { address, text, cores: [core(address, first), core(address, second)] };
    }),
  }));
}

export interface SavedStory extends SavedHead {
  readonly looks: readonly TokenLook[];
  readonly code: SavedCode;
  /** @throws RoomError where that is not known */
  kernels(index: number): ExplainedFunction[];
}

export function readSaved(text: string): SavedStory {
  const [first, ...lines] = text.split('\n');
  const head = JSON.parse(first) as SavedHead;
  const count = head.told.tokens.length;
  const code = JSON.parse(lines[2 * count]) as SavedCode;
  return {
    ...head,
    looks: lines.slice(0, count).map(unpackLook),
    code,
    kernels: (index) => unpackKernels(lines[count + index], code),
  };
}
