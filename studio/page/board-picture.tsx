/** A board, drawn from its row of the table: memory on the label, LED, camera or module, and the screen where it has one. */
import { useEffect, useRef } from 'preact/hooks';
import type { Board } from '../../src/chip/boards/index.ts';
import { SCREEN_HEIGHT, SCREEN_WIDTH } from '../../src/chip/index.ts';
import { texts } from '../texts/index.ts';

const MB = 2 ** 20;
const PINS = Array.from({ length: 22 }, (_, index) => 22 + 15 * index);

interface Props {
  board: Board;
  /** What the screen shows. */
  pixels?: Uint8Array;
  /** Whether its LED shines. */
  busy: boolean;
}

export function BoardPicture({ board, pixels, busy }: Props) {
  const flash = `${board.flashBytes / MB} MB flash`;
  const memory = board.psramBytes > 0 ? `${flash}, ${board.psramBytes / MB} MB PSRAM` : flash;
  return (
    <figure class="board">
      <svg viewBox="0 0 360 208" role="img" aria-label={`${board.name}, ${memory}`}>
        <rect class="pcb" x="2" y="10" width="356" height="188" rx="12" />
        <g class="pads">
          {PINS.map((x) => (
            <g key={x}>
              <circle cx={x} cy="22" r="4" />
              <circle cx={x} cy="186" r="4" />
            </g>
          ))}
        </g>
        <Module withScreen={board.screen !== undefined} />
        {board.screen ? <Glass /> : <Headline name={board.name} />}
        <g class="usb">
          <rect x="332" y="82" width="28" height="44" rx="4" />
          <rect x="352" y="88" width="8" height="32" rx="3" class="usb-hole" />
        </g>
        <circle class={busy ? 'led led-on' : 'led'} cx="318" cy="150" r="5" />
        <text class="silk" x="20" y="172">
          {memory}
        </text>
        <text class="silk silk-end" x="322" y="172">
          {board.screen ? board.name : 'USB-C'}
        </text>
      </svg>
      {board.screen && <Screen pixels={pixels} />}
    </figure>
  );
}

/** The chip under its shield, with the antenna's trace. */
function Module({ withScreen }: { withScreen: boolean }) {
  return (
    <g transform={withScreen ? 'translate(20 44)' : 'translate(28 44)'}>
      <rect class="module" width="104" height="108" rx="4" />
      <path class="antenna" d="M8 12h12v10h10V12h10v10h10V12h10v10h10V12h10v10h14" />
      <rect class="shield" x="8" y="30" width="88" height="70" rx="3" />
      <text class="engraved" x="52" y="62">
        ESP32-S3
      </text>
      <text class="engraved engraved-small" x="52" y="78">
        2 × LX7, 240 MHz
      </text>
    </g>
  );
}

const Glass = () => (
  <g>
    <rect class="glass" x="136" y="44" width="184" height="96" rx="6" />
    <rect class="glass-ribbon" x="200" y="140" width="56" height="10" />
  </g>
);

/** Most characters of a line of the name. */
const LINE = 18;

/** A name in lines that find room beside the module. */
function linesOf(name: string): string[] {
  const lines: string[] = [];
  for (const word of name.replace(/^ESP32-S3-/, '').split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim();
    if (lines.length > 0 && longer.length <= LINE) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function Headline({ name }: { name: string }) {
  const lines = linesOf(name);
  return (
    <text class="silk silk-large" y={104 - 10 * (lines.length - 1)}>
      {lines.map((line, index) => (
        <tspan key={line} x="236" dy={index === 0 ? 0 : 20}>
          {line}
        </tspan>
      ))}
    </text>
  );
}

/** Lit and dark pixels as a screen of this kind shows them; red, green, blue, opaque. */
const LIT = Uint8Array.of(0xd6, 0xf1, 0xff, 0xff);
const DARK = Uint8Array.of(0x06, 0x09, 0x0d, 0xff);

function Screen({ pixels }: { pixels?: Uint8Array }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const picture = context.createImageData(SCREEN_WIDTH, SCREEN_HEIGHT);
    for (let at = 0; at < SCREEN_WIDTH * SCREEN_HEIGHT; at++)
      picture.data.set(pixels?.[at] ? LIT : DARK, 4 * at);
    context.putImageData(picture, 0, 0);
  }, [pixels]);
  return (
    <canvas
      ref={canvas}
      class="screen"
      width={SCREEN_WIDTH}
      height={SCREEN_HEIGHT}
      role="img"
      aria-label={texts.value.story.screen}
    />
  );
}
