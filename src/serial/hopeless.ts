/** Lines of the ROM's and the program's that say that waiting is in vain. */

/** What the ROM says where the BOOT pin is low at a reset. */
const IN_LOADER = 'waiting for download|wait uart0 download';

/** Lines that say that no program will come, and what to do. */
const HOPELESS: readonly (readonly [line: RegExp, sentence: string])[] = [
  [new RegExp(`^(${IN_LOADER})`), 'the board is in download mode still: let go of BOOT and press RESET once'],
  [/^invalid header/, 'the board finds no program in its flash: flash it again'],
  [/^(The PSRAM does not answer|Core 1 does not answer)/, ''],
  [/PANIC|Guru Meditation/, 'the program stopped with an exception: see it with `esp32-llm monitor`'],
];

/** Whether a board says that it is in its loader in what came over its port, wherever that was cut. */
export const isInLoader = (received: string): boolean => new RegExp(IN_LOADER).test(received);

/** What of a boot log says that no program will come. */
export function hopelessLine(line: string): string | undefined {
  const found = HOPELESS.find(([pattern]) => pattern.test(line));
  return found && (found[1] || line);
}
