/** `--screen` and `--screenshot`: the simulated screen in the terminal while the chip runs, and as a file when it has run. */
import type { ScreenView, Terminal } from '../board/index.ts';
import type { Chip } from '../chip/soc/index.ts';

export interface ScreenOptions {
  screen?: string | true;
  screenshot?: string;
}

export interface ScreenWatch {
  /** To be called while the chip runs; undefined when nobody wants to see the screen. */
  onLook?: (chip: Chip) => void;
  /** Lets the screen show the rest, writes the screenshot, and gives the terminal back. */
  finish(): Promise<void>;
  /** Gives the terminal back, whatever happened. */
  close(): void;
}

/** `terminal` takes the text that is printed while the chip runs. */
export async function watchScreen(options: ScreenOptions, terminal: Terminal): Promise<ScreenWatch> {
  const wanted = options.screen !== undefined || options.screenshot !== undefined;
  if (!wanted) return { finish: async () => {}, close() {} };
  const [{ createScreenView, writeScreenshot }, { settlingScreen }] = await Promise.all([
    import('../board/index.ts'),
    import('../firmware/index.ts'),
  ]);
  let view: ScreenView | undefined;
  let watched: Chip | undefined;
  const onLook = (chip: Chip): void => {
    watched = chip;
    if (options.screen !== undefined && chip.screen) view ??= createScreenView(chip.screen, terminal);
    view?.update();
  };
  const close = (): void => view?.close();
  return {
    onLook,
    close,
    async finish() {
      if (!watched?.screen) return;
      for (const _ of settlingScreen(watched)) onLook(watched);
      close();
      if (options.screenshot !== undefined)
        writeScreenshot(options.screenshot, watched.screen.pixels(), watched.screen.contrast);
    },
  };
}
