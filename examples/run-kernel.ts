/** The dot product of 64 int8 numbers on the vector unit: 4 rounds of two loads and 16 multiply-adds, assembled and run. */
import { executeElf } from 'esp32-llm/chip';
import { assembleFile } from 'esp32-llm/xtensa';

const { elf, listing } = assembleFile(`
  .data
  .align 16
ones:   .fill 64, 1, 1
threes: .fill 64, 1, 3
  .text
_start:
  movi a4, ones
  movi a5, threes
  movi a6, 4
  ee.zero.accx
  loop a6, done
  ee.vld.128.ip q0, a4, 16
  ee.vld.128.ip q1, a5, 16
  ee.vmulas.s8.accx q0, q1
done:
  rur.accx_0 a3   # the low 32 of 40 bits
  movi a2, 1      # exit(a3)
  simcall
`);
const { exitCode, cycles } = executeElf(elf());
console.log(listing);
console.log(`64 * 1 * 3 = ${exitCode}, in ${cycles} cycles`);
