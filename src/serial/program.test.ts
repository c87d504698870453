import { describe, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { createListeners, createSignal } from './listeners.ts';
import { awaitProgram } from './program.ts';

/** A device that says what the test makes it say, and answers lines from a table. */
function device(answers: Record<string, string> = {}) {
  const data = createListeners<Uint8Array>();
  const closed = createSignal();
  const say = (text: string): void => data.emit(Buffer.from(text, 'latin1'));
  const connection: Connection = {
    name: 'script',
    hasLines: false,
    async write(bytes) {
      for (const [line, answer] of Object.entries(answers)) {
        if (Buffer.from(bytes).includes(line)) setImmediate(() => say(answer));
      }
    },
    onData: data.add,
    onClose: closed.add,
    setLines: async () => {},
    setBaud: async () => {},
    close: async () => closed.emit(),
  };
  return { connection, say, unplug: closed.emit };
}

const greeting = 'esp32-llm 0.1.0 for a board: ESP32-S3';
const bootLog = `ESP-ROM:esp32s3\r\nrst:0x1 (POWERON)\r\n\r\n${greeting}\r\nmodel m\r\n/help shows more.\r\n> `;
const ready = '\r\n{"event":"ready","model":"m","context":64,"map":"0123456789abcdef"}\r\n';

describe('awaitProgram', () => {
  it("waits for the program's own greeting and its prompt sign, and hands on what was printed", async () => {
    const { connection, say } = device();
    let printed = '';
    const running = awaitProgram(connection, { onData: (bytes) => (printed += Buffer.from(bytes)) });
    say('\xc0\x01\x09\x04');
    say('\x00\x00\xc0'); // the loader's last answer, in two pieces
    for (let at = 0; at < bootLog.length; at += 7) say(bootLog.slice(at, at + 7));
    expect((await running).greeting).toBe(greeting);
    expect(printed).toBe(bootLog);
  });

  it.each([
    ['waiting for download\r\n', /in download mode still: let go of BOOT and press RESET/],
    ['invalid header: 0xffffffff\r\n', /no program in its flash/],
    [
      `${greeting}\r\nThe PSRAM does not answer; this image needs it. Stopped.\r\n`,
      /The PSRAM does not answer/,
    ],
    ['\r\nPANIC: core 0\r\n', /stopped with an exception/],
  ])('gives %j up at once', async (text, sentence) => {
    const { connection, say } = device();
    const running = awaitProgram(connection);
    say(text);
    await expect(running).rejects.toThrow(sentence);
  });

  it('asks a program whose greeting went by unheard', async () => {
    const { connection } = device({ '/json on': ready });
    expect((await awaitProgram(connection, { silence: 10 })).greeting).toBe('model m');
  });

  it('finds a port that goes and comes again', async () => {
    const before = device();
    const after = device();
    const running = awaitProgram(before.connection, {
      reopen: async () => {
        setImmediate(() => after.say(bootLog));
        return after.connection;
      },
    });
    before.unplug();
    expect(await running).toEqual({ connection: after.connection, greeting });
  });

  it('says that a cable was pulled', async () => {
    const { connection, unplug } = device();
    const running = awaitProgram(connection);
    unplug();
    await expect(running).rejects.toThrow(/connection was lost/);
  });
});
