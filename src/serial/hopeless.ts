/** Lines of the ROM's and the program's that say that waiting is in vain. */

/** Lines that say that no program will come, and what to do. */
const HOPELESS: readonly (readonly [line: RegExp, sentence: string])[] = [
  [
    /^(waiting for download|wait uart0 download)/,
    'the board is in download mode still: let go of BOOT and press RESET once',
  ],
  [/^invalid header/, 'the board finds no program in its flash: flash it again'],
  [/^(The PSRAM does not answer|Core 1 does not answer)/, ''],
  [/PANIC|Guru Meditation/, 'the program stopped with an exception: see it with `esp32-llm monitor`'],
];

/** What of a boot log says that no program will come. */
export function hopelessLine(line: string): string | undefined {
  const found = HOPELESS.find(([pattern]) => pattern.test(line));
  return found && (found[1] || line);
}
