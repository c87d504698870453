/** QACC's forms as translated code changes them, and as the host does: bit by bit the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMemory } from '../../bus/index.ts';
import { QaccForm, setQaccForm } from '../../pie/index.ts';
import { createCoreState } from '../state.ts';
import { joinLinker } from './linker.ts';
import { hostFunctions } from './testing.ts';

const memory = createMemory(0x10000);
const [one, other] = [0, 1].map((core) => createCoreState(core, memory));
const forms = Object.values(QaccForm).filter((form) => form !== QaccForm.zero);
const functions = hostFunctions();
const { linker } = joinLinker(memory, 0, { functions, time: one.time, error: undefined });
const toForm = linker.link(forms.map((form) => linker.compile(`return pie_qaccForm${form}();`)));

it('changes between all forms as the host does', () => {
  const steps = fc.array(fc.constantFrom(...forms.keys()), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), steps, fc.boolean(), (bytes, path, zero) => {
      for (const { pie } of [one, other]) {
        pie.qacc.set(zero ? new Uint8Array(40) : bytes);
        pie.lanes20.fill(0);
        pie.lanes40.fill(0);
        pie.control[0] = zero ? QaccForm.zero : QaccForm.raw;
      }
      for (const index of path) {
        toForm[index].run(one.base);
        setQaccForm(other.pie, forms[index]);
        expect(one.pie.control).toEqual(other.pie.control);
        expect(one.pie.qacc).toEqual(other.pie.qacc);
        expect(one.pie.lanes20).toEqual(other.pie.lanes20);
        expect([...one.pie.lanes40]).toEqual([...other.pie.lanes40]);
      }
    }),
    { numRuns: 200 },
  );
});
