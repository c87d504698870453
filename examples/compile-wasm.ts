/** A WebAssembly function as Xtensa code, and what it costs: (func (export "gcd") (param i32 i32) (result i32) ...), by Euclid. */
import { executeWasm, printStages } from 'esp32-llm/compiler';

const gcd = Uint8Array.from(
  '0061736d0100000001070160027f7f017f030201000707010367636400000a24012201017f024003402001450d012000200170210220012100200221010c000b0b20000b'
    .match(/../g)!
    .map((byte) => Number.parseInt(byte, 16)),
);
console.log(printStages(gcd));
const { results, cycles, instructions } = executeWasm(gcd, { invoke: 'gcd', args: ['3528', '3780'] });
console.log(`gcd(3528, 3780) = ${results[0].words[0]}: ${instructions} instructions, ${cycles} cycles`);
