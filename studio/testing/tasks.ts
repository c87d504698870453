/** What keeps the page's own thread busy, from the browser's trace: how long by the clock, and how long it really computed. */
import type { Browser, Page } from 'playwright-core';

export interface Task {
  /** By the clock: on a machine that does other things, too, longer than it computed. */
  milliseconds: number;
  /** Of the processor. */
  busy: number;
  /** What it did longest of all, as the trace calls it. */
  longest: string;
}

/** Of Chromium's trace: a complete event has both durations in microseconds. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
  args: { name?: string; data?: { url?: string } };
}

const CATEGORIES = ['toplevel', 'devtools.timeline', 'v8', '__metadata'];
const MICRO = 1000;

/** Tasks of more than `least` milliseconds of the processor while something is done with a page of `address`. */
export async function tasksOf(
  browser: Browser,
  { page, address, least }: { page: Page; address: string; least: number },
  deed: () => Promise<unknown>,
): Promise<Task[]> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await deed();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const isMine = ({ args }: TraceEvent): boolean => args.data?.url?.startsWith(address) ?? false;
  const processes = new Set(traceEvents.filter(isMine).map(({ pid }) => pid));
  const threads = new Set(
    traceEvents
      .filter(
        ({ name, args, pid }) =>
          name === 'thread_name' && args.name === 'CrRendererMain' && processes.has(pid),
      )
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const events = traceEvents.filter(({ ph, pid, tid }) => ph === 'X' && threads.has(`${pid} ${tid}`));
  return events
    .filter(({ name, tdur = 0 }) => name === 'ThreadControllerImpl::RunTask' && tdur > least * MICRO)
    .flatMap((task) => {
      const inside = events.filter(
        (event) =>
          event !== task && event.name !== 'RunTask' && event.ts >= task.ts && event.ts < task.ts + task.dur!,
      );
      // What the tool that drives the browser puts into the page is not the page's.
      if (inside.some((event) => event.name === 'EvaluateScript' && !isMine(event))) return [];
      const [most] = inside.toSorted((one, other) => (other.tdur ?? 0) - (one.tdur ?? 0));
      return [{ milliseconds: task.dur! / MICRO, busy: task.tdur! / MICRO, longest: most?.name ?? '' }];
    });
}
