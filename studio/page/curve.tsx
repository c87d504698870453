/** Numbers over steps, drawn by uPlot: loaded when the first of them is shown. */
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../state/appearance.ts';
import { formatNumber } from '../texts/index.ts';

export interface CurveProps {
  /** For who cannot see it. */
  label: string;
  /** What stands below the horizontal axis. */
  below: string;
  x: readonly number[];
  y: readonly (number | null)[];
  /** Of the numbers beside the vertical axis. */
  digits: number;
  /** Bars instead of a line, one of which is the chosen one. */
  chosenBar?: number;
}

const HEIGHT = 220;
const FONT_PIXELS = 12;

/** Whole bars from zero, with some room above them. */
const BAR_SCALES: UPlot.Scales = {
  x: { time: false, range: (_, first, last) => [first - 0.5, last + 0.5] },
  y: { range: (_, __, most) => [0, 1.1 * (most ?? 1)] },
};

/** A colour of the sheet, light or dark, as a canvas takes it. */
function colourOf(host: HTMLElement, name: string): string {
  host.style.color = `var(--${name})`;
  return getComputedStyle(host).color;
}

function optionsOf(host: HTMLElement, current: () => CurveProps): UPlot.Options {
  const colour = (name: string) => (): string => colourOf(host, name);
  const font = `${FONT_PIXELS}px ${getComputedStyle(host).fontFamily}`;
  const axis = (digits: () => number): UPlot.Axis => ({
    stroke: colour('ink-soft'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font,
    labelFont: font,
    labelSize: FONT_PIXELS + 6,
    values: (_, marks) => marks.map((mark) => formatNumber(mark, digits())),
  });
  const { chosenBar, below } = current();
  const colours = (): string[] => {
    const [plain, chosen] = [colourOf(host, 'line-strong'), colourOf(host, 'accent')];
    return current().x.map((_, index) => (index === current().chosenBar ? chosen : plain));
  };
  const fill = { unit: 3, values: colours } as const;
  const bars = { width: 0, paths: UPlot.paths.bars!({ size: [0.9, 100], disp: { fill, stroke: fill } }) };
  return {
    width: host.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: chosenBar === undefined ? { x: { time: false } } : BAR_SCALES,
    axes: [
      { ...axis(() => 0), label: below, size: 26 },
      { ...axis(() => current().digits), size: 48 },
    ],
    series: [
      {},
      {
        points: { show: false },
        ...(chosenBar === undefined ? { stroke: colour('hue-1'), width: 2 } : bars),
      },
    ],
  };
}

const dataOf = ({ x, y }: CurveProps): UPlot.AlignedData => [x as number[], y as (number | null)[]];

export function Curve(props: CurveProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const current = useRef(props);
  current.current = props;
  useEffect(() => {
    const element = host.current!;
    const drawn = new UPlot(
      optionsOf(element, () => current.current),
      dataOf(current.current),
      element,
    );
    plot.current = drawn;
    const sizes = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    sizes.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const redraw = (): void => drawn.redraw(true, false);
    dark.addEventListener('change', redraw);
    const stop = theme.subscribe(redraw);
    return () => {
      sizes.disconnect();
      stop();
      dark.removeEventListener('change', redraw);
      drawn.destroy();
    };
  }, [props.below]);
  useEffect(() => plot.current?.setData(dataOf(props)), [props.x, props.y, props.chosenBar]);
  return <div ref={host} class="curve" role="img" aria-label={props.label} />;
}
