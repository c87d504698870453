/** The free names of the emitted text, bound to one vector unit. All of them match /\bpie_\w+/. */
import { createFftFunctions } from './fft.ts';
import { setQaccForm } from './qacc.ts';
import { instantiateSimd } from './simd/index.ts';
import { Control, layout, type PieState, QaccForm } from './state.ts';

const { zero: _, ...lasting } = QaccForm;
const forms = Object.values(lasting);

/** Functions that are no WebAssembly; each is constant for the life of `state`. */
export function pieFunctions(state: PieState): Record<string, (...operands: number[]) => unknown> {
  const functions: Record<string, (...operands: never[]) => unknown> = {
    ...createFftFunctions(state),
    ...Object.fromEntries(forms.map((form) => [`qaccForm${form}`, () => setQaccForm(state, form)])),
    unaligned: (address: number, pc: number) => {
      state.control[Control.unaligned]++;
      state.onUnaligned(address >>> 0, pc >>> 0);
    },
  };
  return named(functions) as Record<string, (...operands: number[]) => unknown>;
}

/** What is text in an instruction's meaning and code in a test: all names with their values, for a state at the beginning of its memory. */
export function pieBindings(state: PieState): Record<string, unknown> {
  const views = {
    q: state.qs32,
    q16: state.qs16,
    control: state.control,
    accx: state.accx,
    qaccWords: state.qaccWords,
    lanes20: state.lanes20,
    lanes40: state.lanes40,
    ua: state.ua,
    spare: state.spare,
  };
  return { ...named({ ...views, ...instantiateSimd(state.memory) }), ...pieFunctions(state) };
}

const named = <T>(values: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`pie_${name}`, value]));

/** The views among the names: where they begin in the state, and what their elements are. */
export const pieViews = {
  pie_q: { offset: layout.q, element: 'i32' },
  pie_q16: { offset: layout.q, element: 'i16' },
  pie_control: { offset: layout.control, element: 'i32' },
  pie_accx: { offset: layout.accx, element: 'i32' },
  pie_qaccWords: { offset: layout.qacc, element: 'i32' },
  pie_lanes20: { offset: layout.lanes20, element: 'i32' },
  pie_lanes40: { offset: layout.lanes40, element: 'f64' },
  pie_ua: { offset: layout.uaState, element: 'i32' },
  pie_spare: { offset: layout.spare, element: 'i32' },
} as const;
