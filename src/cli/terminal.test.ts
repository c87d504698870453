/** Every verb in a real pseudo-terminal: what a person types, sees, interrupts and unplugs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needing } from '../testing/needs.ts';
import { hasTerminals, startInTerminal, type Terminal, writeTinyModel } from './testing/terminal.ts';

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const LEAVE = '\x1d';
const PATIENCE = 480_000; // nothing here is about time, and machines may be busy

describe.skipIf(!hasTerminals)(
  needing('in a terminal', hasTerminals, 'no pseudo-terminals or no dist/'),
  () => {
    let folder: string;
    let model: readonly string[];
    const running: Terminal[] = [];
    const start = (args: readonly string[], env: Record<string, string> = {}): Terminal => {
      const terminal = startInTerminal(args, { cwd: folder, env: { XDG_STATE_HOME: folder, ...env } });
      running.push(terminal);
      return terminal;
    };
    const file = (name: string, contents: string | Uint8Array): string => {
      writeFileSync(join(folder, name), contents);
      return name;
    };

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'terminal-'));
      model = writeTinyModel(folder);
    });
    afterAll(() => {
      for (const terminal of running) terminal.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    it(
      'a board is flashed, talked to, compared, interrupted and unplugged',
      async () => {
        const board = start(['board', '--tcp', '0', '--board', 'heltec-v3']);
        const [, port, path] = await board.see(/socket:\/\/(localhost:\d+) and (\S+); flash in flash\.bin/);
        const image = [...model, '--board', 'heltec-v3'];

        // Ctrl-C in the middle of a transfer says what it leaves behind.
        const cut = start(['flash', ...image, '--port', port]);
        await cut.see(/writing .* %/);
        cut.type(CTRL_C);
        await cut.see(
          /interrupted: (the flash is half written .*; run the same command again|the image is written)/,
        );
        expect((await cut.exit).exitCode).toBe(130);

        // With its default monitor, on the pseudo-terminal (src/board does it on TCP, too).
        const flash = start(['flash', ...image, '--port', path]);
        await flash.see(/verified; waiting for the board to start/);
        await flash.see(/rst:0x10 \(RTCWDT_RTC_RST\),boot:0x8/);
        await flash.see(/the board runs: esp32-llm \S+ for Heltec.*\(Ctrl-\] leaves the monitor\)/);
        flash.type('b\r');
        await flash.see(/\[\d+ tokens, .* digest [0-9a-f]{16}/);
        flash.type(LEAVE);
        expect((await flash.exit).exitCode).toBe(0);

        const verify = start(['verify', ...image, '--port', port, '--tokens', '8']);
        await verify.see(/digest.*none/);
        expect((await verify.exit).exitCode).toBe(0);

        // Without a model it has no names for addresses, and works all the same.
        const monitor = start(['monitor', '--model', 'none.bin', '--port', port]);
        await monitor.see(/addresses stay numbers: none\.bin does not exist/);
        await monitor.see(/Ctrl-\] leaves/);
        monitor.type('/digest\r');
        await monitor.see(/digest [0-9a-f]{16}/);
        monitor.type(LEAVE);
        expect((await monitor.exit).exitCode).toBe(0);

        const chat = start(['chat', '--port', port]);
        await chat.see(/^tiny, context 64; Ctrl-D leaves/); // and no noise before it
        const second = start(['chat', '--port', port]);
        await second.see(/another program is connected to this board; close it there/);
        expect((await second.exit).exitCode).toBe(1);
        chat.type('/temp 99\r');
        await chat.see(/wants a number from 0 to 10/);
        chat.type('/json off\r');
        await chat.see(/belongs to chat itself/);
        chat.type('b\r');
        await chat.see(/\[\d+ tokens, .* digest/);
        chat.type('/reboot\r');
        await chat.see(/tiny, context 64/);
        chat.type(`${'x'.repeat(513)}\r`);
        await chat.see(/513 bytes, and the console/);
        chat.type('b\r');
        await chat.see(/\[\d+ tokens, .* digest/);
        chat.type(CTRL_D);
        expect((await chat.exit).exitCode).toBe(0);

        const unplugged = start(['chat', '--port', port]);
        await unplugged.see(/> /);
        board.type(CTRL_C);
        expect((await board.exit).exitCode).toBe(0);
        await unplugged.see(/the connection was lost/);
        expect((await unplugged.exit).exitCode).toBe(1);
      },
      PATIENCE,
    );

    it(
      'a board on a port that is taken, and a blank one',
      async () => {
        const board = start(['board', '--tcp', '0', '--flash', 'blank.bin']);
        const [, port] = await board.see(/localhost:(\d+)/);
        const other = start(['board', '--tcp', port, '--flash', 'other.bin']);
        await other.see(/TCP port \d+ is in use; choose another/);
        expect((await other.exit).exitCode).toBe(1);
        const chat = start(['chat', '--port', `localhost:${port}`]);
        await chat.see(/finds no program in its flash: flash it again/);
        expect((await chat.exit).exitCode).toBe(1);
        expect(chat.text.split('\n').length).toBeLessThan(5);
        board.type(CTRL_C);
        expect((await board.exit).exitCode).toBe(0);
      },
      PATIENCE,
    );

    it(
      'stories, images, figures',
      async () => {
        const cases: [args: string[], shows: RegExp][] = [
          [['run', ...model, '--prompt', 'b', '--tokens', '8', '--no-profile'], /predicted tokens\/s/],
          [['build', ...model, '--out', 'tiny-image.bin'], /tiny-image\.bin: [\d,]+ bytes/],
          [['bench', ...model, '--tokens', '8'], /predicted, mean of 8/],
          [['inspect', 'tiny.bin'], /parameters[\s\S]*heltec-v3 +int8 +\d+ positions/],
          [['eval', ...model, '--text', file('text.txt', 'ab cd'), '--mode', 'story'], /bits\/byte/],
          [['export', 'idf', 'component', ...model], /component esp32_llm/],
        ];
        for (const [args, shows] of cases) {
          const terminal = start(args);
          await terminal.see(shows);
          expect((await terminal.exit).exitCode, args.join(' ')).toBe(0);
          if (args[0] === 'inspect')
            expect(Math.max(...terminal.text.split(/[\r\n]+/).map(({ length }) => length))).toBeLessThan(81);
        }
      },
      PATIENCE,
    );

    it(
      'tools and lists',
      async () => {
        const source = file('p.s', '.global _start\n_start:\n  movi.n a3, 7\n  movi.n a2, 1\n  simcall\n');
        const wasm = Buffer.from(
          '0061736d0100000001060160017f017f03020100070501016600000a09010700200041016a0b',
          'hex',
        );
        const cases: [args: string[], exitCode: number, shows: RegExp][] = [
          [['asm', source, '--elf', 'p.elf', '--listing'], 0, /movi\.n/],
          [['disasm', 'p.elf'], 0, /simcall/],
          [['exec', 'p.elf'], 7, /instructions, .* cycles/],
          [['compile', file('f.wasm', wasm)], 0, /exports f/],
          [['ports'], 0, /./],
        ];
        for (const [args, exitCode, shows] of cases) {
          const terminal = start(args);
          await terminal.see(shows);
          expect((await terminal.exit).exitCode, args.join(' ')).toBe(exitCode);
        }
      },
      PATIENCE,
    );

    it(
      'Ctrl-C ends what would go on',
      async () => {
        // Says something (simulator call 4), and then no more.
        const loop = file(
          'loop.s',
          '.global _start\n_start: movi a2, 4\n movi a3, 1\n movi a4, said\n movi a5, 6\n simcall\nforever: j forever\nsaid: .ascii "going\\n"\n',
        );
        const assembled = start(['asm', loop, '--elf', 'loop.elf']);
        expect((await assembled.exit).exitCode).toBe(0);
        const exec = start(['exec', '--max-cycles', '1000000000000', 'loop.elf']);
        await exec.see(/going/);
        exec.type(CTRL_C);
        expect((await exec.exit).signal).toBe(2);
        const train = start([
          ...[
            'train',
            '--text',
            file('long.txt', 'The cat sat on the mat. '.repeat(800)),
            '--out',
            'trained',
          ],
          ...['--preset', 'tiny', '--vocab', '280', '--context', '32', '--threads', '1', '--time', '8h'],
        ]);
        await train.see(/step \d+/);
        train.type(CTRL_C);
        await train.see(/saving a checkpoint/);
        await train.see(/stopped \(--resume goes on\)/);
        expect((await train.exit).exitCode).toBe(0);
      },
      PATIENCE,
    );

    describe('pull', () => {
      let server: Server;
      beforeAll(async () => {
        server = createServer(() => {}); // takes the request and says nothing
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      });
      afterAll(() => {
        server.closeAllConnections();
        server.close();
      });

      it(
        'waits for a stalled server no longer than Ctrl-C',
        async () => {
          const { port } = server.address() as AddressInfo;
          const asked = new Promise<void>((resolve) => server.once('request', () => resolve()));
          const pull = start(['pull', 'stories260K'], {
            HF_HUB_CACHE: join(folder, 'cache'),
            HF_ENDPOINT: `http://127.0.0.1:${port}`,
          });
          await asked;
          pull.type(CTRL_C);
          expect((await pull.exit).signal).toBe(2);
        },
        PATIENCE,
      );
    });
  },
);
