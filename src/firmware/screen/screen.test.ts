import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { glyphs, textWidth } from './font.ts';
import { drawSplash } from './splash.ts';
import { asciiArt, createBench, pictureOf, pixelsOf, type ScreenBench, WIRING, wrap } from './testing.ts';

const CLEAR = '\f';
const same = (actual: Uint8Array, expected: Uint8Array): void =>
  expect(asciiArt(actual).join('\n')).toBe(asciiArt(expected).join('\n'));

/** A screen that is past its splash. */
function lit(options: Parameters<typeof createBench>[0] = {}): ScreenBench {
  const bench = createBench(options);
  bench.run(150);
  return bench;
}

describe('font', () => {
  it('has every printable ASCII character and the quotes and dashes of typography, all different', () => {
    const wanted = [...Array.from({ length: 95 }, (_, i) => String.fromCodePoint(32 + i)), ...'‘’“”–—…•'];
    for (const character of wanted) expect(glyphs.has(character.codePointAt(0)!), character).toBe(true);
    const drawn = [...glyphs.values()].map(({ columns }) => columns.join());
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it('fits the records of the device and leaves no gap before a letter', () => {
    for (const [code, { width, columns }] of glyphs) {
      expect(width).toBeLessThanOrEqual(7);
      if (code !== 0x20 && code !== 0x2d) expect(columns.some((bits) => bits > 0)).toBe(true);
    }
    expect(textWidth('Once upon a time, there was a')).toBeLessThan(128);
  });
});

describe('splash', () => {
  it('is complete before the light goes on', () => {
    const bench = createBench({ modelName: 'stories260K' });
    const splash = asciiArt(pixelsOf(drawSplash({ modelName: 'stories260K' }))).join('\n');
    const dark = asciiArt(new Uint8Array(8192)).join('\n');
    const seen = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      bench.serve();
      seen.add(asciiArt(bench.screen.pixels()).join('\n'));
    }
    expect([...seen]).toEqual([dark, splash]);
    expect(bench.warnings).toEqual([]);
  });

  it('makes room for the first story', () => {
    const bench = lit();
    bench.show(`${CLEAR}Once`);
    bench.run(60);
    same(bench.screen.pixels(), pictureOf(['Once']));
  });
});

describe('text', () => {
  it('is drawn in the font', () => {
    const bench = lit();
    bench.show(`${CLEAR}Hi, “gnu”!`);
    bench.run(60);
    expect(asciiArt(bench.screen.pixels(), 0, 0, 44, 9)).toEqual([
      '#...#.#........#.#.................#.#.#....',
      '#...#.........#.#..................#.#.#....',
      '#...#.#.......#.#...###.###..#..#.#.#..#....',
      '#####.#............#..#.#..#.#..#......#....',
      '#...#.#............#..#.#..#.#..#......#....',
      '#...#.#.............###.#..#.#..#...........',
      '#...#.#..#............#.#..#..###......#....',
      '........#...........##......................',
      '............................................',
    ]);
  });

  it('wraps words and scrolls as an independent layout does', () => {
    const words = fc.oneof(
      { weight: 8, arbitrary: fc.stringMatching(/^[a-zA-Z]{1,9}[.,!?"]?$/) },
      { weight: 1, arbitrary: fc.stringMatching(/^[!-~]{1,60}$/) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('“so”', 'well-known', 'no—yes', 'né', '🐉', '日本', '\n', '\n\n', ' '),
      },
    );
    const text = fc.array(words, { minLength: 1, maxLength: 90 }).map((all) => all.join(' ').trimEnd());
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (story, chunk) => {
        const bench = lit();
        bench.show(CLEAR);
        const bytes = new TextEncoder().encode(story);
        for (let at = 0; at < bytes.length; at += chunk) {
          bench.show(bytes.subarray(at, at + chunk));
          bench.run(2);
        }
        bench.run(400);
        same(bench.screen.pixels(), pictureOf(wrap(story)));
        expect(bench.warnings).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('moves words that reached the very edge, and nothing beside them', () => {
    // L, a gap, and a word that fills the line to its last column before it turns out to be one letter longer.
    const line = `L a${'l'.repeat(59)} `;
    const bench = lit();
    bench.show(CLEAR);
    for (let count = 1; count <= 20; count++) {
      bench.show(line);
      bench.run(100);
      same(bench.screen.pixels(), pictureOf(wrap(line.repeat(count).trimEnd())));
    }
  });

  it('never shows a row that is about to scroll in half drawn', () => {
    const bench = lit();
    const lines = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
    bench.show(CLEAR + lines.slice(0, 7).join('\n'));
    bench.run(100);
    bench.show('\neight');
    const band = (pixels: Uint8Array, row: number) => asciiArt(pixels, 0, row, 40, 8).join('\n');
    const [one, eight] = [band(pictureOf(['one']), 0), band(pictureOf(['eight']), 0)];
    const seen = { top: new Set<string>(), bottom: new Set<string>() };
    for (let i = 0; i < 1300; i++) {
      bench.serve();
      const pixels = bench.screen.pixels();
      seen.top.add(band(pixels, 0));
      seen.bottom.add(band(pixels, 54));
    }
    expect(seen.top).not.toContain(eight);
    expect(seen.bottom).not.toContain(one);
    expect(seen.top).toContain(band(pictureOf(['two']), 0));
    same(bench.screen.pixels(), pictureOf(lines));
  });

  it('ends a story with a bar', () => {
    const bench = lit();
    bench.show(`${CLEAR}The end.\x0e7 tok\x0f`);
    bench.run(80);
    expect(asciiArt(bench.screen.pixels(), 0, 7, 32, 12)).toEqual([
      '................................',
      '################################',
      '##....#####.#######.############',
      '#####.#####.#######.############',
      '####.#####...##..##.##.#########',
      '####.######.##.##.#.#.##########',
      '###.#######.##.##.#..###########',
      '###.#######.##.##.#.#.##########',
      '###.#######..##..##.##.#########',
      '################################',
      '################################',
      '................................',
    ]);
  });

  it('shows the newest text if the story runs away from it', () => {
    const bench = lit();
    const words = Array.from({ length: 1000 }, (_, i) => `word${i}`);
    bench.show(`${CLEAR + words.join(' ')}\x0e1000 tokens\x0f`);
    bench.run(600);
    const shown = asciiArt(bench.screen.pixels(), 0, 45, 128, 8);
    const tail = wrap(`… ${words.slice(-70).join(' ')}`).at(-1)!;
    expect(tail).toContain('word999');
    // The last word stands in the line above the bar, wherever the text was picked up again.
    const word = asciiArt(pictureOf(['word999']), 0, 0, textWidth('word999'), 8);
    const column = shown[0].length - shown[0].trimEnd().length;
    expect(column).toBeGreaterThanOrEqual(0);
    const found = Array.from({ length: 128 }, (_, x) => shown.map((row) => row.slice(x, x + word[0].length)));
    expect(found.some((rows) => rows.join() === word.join())).toBe(true);
    expect(asciiArt(bench.screen.pixels(), 0, 53, 128, 1)[0]).toBe('#'.repeat(128));
  });

  it('survives any bytes', () => {
    const bench = lit();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        bench.show(bytes);
        bench.run(30);
        expect(bench.screen.pixels().length).toBe(8192);
      }),
      { numRuns: 50 },
    );
    bench.show(`\x0f${CLEAR}fine`);
    bench.run(300);
    same(bench.screen.pixels(), pictureOf(['fine']));
    expect(bench.warnings).toEqual([]);
  });
});

describe('wiring', () => {
  it.each([
    ['upside down', { rotation: 180 }],
    ['SH1106', { controller: 'sh1106' }],
    ['SH1106 upside down', { controller: 'sh1106', rotation: 180 }],
    ['another address', { address: 0x3d }],
    ['high pins', { sda: 47, scl: 48 }],
    ['reset and supply', { reset: 21, power: { pin: 36, on: 0 } }],
  ] as const)('%s', (_, wiring) => {
    const bench = lit({ wiring });
    const story =
      'Once upon a time there was a small dragon. It read books all day, and at night it read the stars.';
    bench.show(CLEAR + story);
    bench.run(100);
    same(bench.screen.pixels(), pictureOf(wrap(story)));
    expect(bench.warnings).toEqual([]);
  });
});

describe('a screen that fails', () => {
  /** Nothing is lit any more, and nothing is tried any more. */
  const isLeftAlone = (bench: ScreenBench): void => {
    bench.run(50);
    bench.show('more text');
    for (let i = 0; i < 200; i++) {
      bench.serve();
      expect(bench.accesses).toBe(0);
    }
  };

  it('is left alone when it never answers', () => {
    isLeftAlone(createBench({ connected: false }));
  });

  it('is left alone when it is unplugged in the middle of a line', () => {
    const bench = lit();
    bench.show(`${CLEAR}Once upon a time, there was`);
    bench.run(3);
    bench.screen.setPower(false);
    isLeftAlone(bench);
  });

  it('is left alone when the controller gets stuck', () => {
    const isInterrupt = (address: number) => address === 0x6001_3020;
    isLeftAlone(createBench({ disturb: (address, value) => (isInterrupt(address) ? 0 : value) }));
  });

  it('does not hold up the start when a line is low', () => {
    const bench = createBench();
    bench.holdLow(WIRING.sda, true);
    bench.run(40);
    expect(bench.accesses).toBeLessThan(100);
  });

  it('is never waited for: a call does at most one FIFO of work', () => {
    const bench = lit();
    bench.show(`${CLEAR}${'All work and no play makes a dull dragon. '.repeat(12)}`);
    let most = 0;
    for (let i = 0; i < 4000; i++) {
      bench.serve();
      most = Math.max(most, bench.accesses);
    }
    expect(most).toBeLessThan(50);
  });
});
