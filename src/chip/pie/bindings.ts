/** The free names of the emitted text, bound to one vector unit. All of them match /\bpie_\w+/. */
import { createFftFunctions } from './fft.ts';
import { setQaccForm } from './qacc.ts';
import { instantiateSimd } from './simd/index.ts';
import { Control, type PieState, QaccForm } from './state.ts';

/** Names and values; each is constant for the life of `state`. */
export function pieBindings(state: PieState): Record<string, unknown> {
  const functions = {
    ...instantiateSimd(state.memory),
    ...createFftFunctions(state),
    setQaccForm: (form: QaccForm) => setQaccForm(state, form),
    qaccRaw: () => setQaccForm(state, QaccForm.raw),
    unaligned: (address: number, pc: number) => {
      state.control[Control.unaligned]++;
      state.onUnaligned(address >>> 0, pc >>> 0);
    },
  };
  const views = {
    q: state.qs32,
    q16: state.qs16,
    control: state.control,
    accx: state.accx,
    qaccWords: state.qaccWords,
    ua: state.ua,
    spare: state.spare,
  };
  return Object.fromEntries(
    Object.entries({ ...views, ...functions }).map(([name, value]) => [`pie_${name}`, value]),
  );
}
