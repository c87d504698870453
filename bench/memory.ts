/** Published bandwidths of flash and PSRAM beside the cache model's: `npx tsx bench/memory.ts`. */
import { bandwidths } from '../src/chip/soc/test-bandwidth.ts';

console.log('cycles at 240 MHz                                       measured    modelled  difference');
for (const { what, measured, modelled } of bandwidths()) {
  const difference = `${(100 * (modelled / measured - 1)).toFixed(1)} %`;
  console.log(
    what.padEnd(54),
    String(measured).padStart(10),
    modelled.toFixed(0).padStart(11),
    difference.padStart(11),
  );
}
