/**
 * The board's screen. With two cores, core 1 serves it: while it waits for core 0 to sample and print, and for moments at the
 * barriers of a pass. It never waits for the bus: a transaction of up to 32 bytes is started, and the next one some call later.
 * A screen that does not answer, at the start or at any time after, is left alone from then on.
 */
import { ccount } from "../chip";
import { clockMegahertz } from "../config";
import { ROWS } from "./canvas";
import { screenKind, screenPower, screenPowerOn, screenReset, screenScl, screenSda } from "./config";
import { Bus, closeBus, drivePin, openBus, poll } from "./i2c";
import { configure, scrollTo, sendNews, switchOn } from "./panel";
import { backlog, topRow, writeQueued } from "./writer";

/** In this order, one after the other. */
const enum Stage {
  Power,
  Reset,
  Release,
  Configure,
  /** The splash, before the light goes on. */
  FirstPicture,
  Running,
  /** No screen. */
  Absent,
}

/** Milliseconds for the supply to come up, of a reset pulse, and behind it. */
const POWER_UP: u32 = 50;
const RESET_PULSE: u32 = 2;
const RECOVERY: u32 = 10;
/** Between two rows of scrolling; with so many bytes waiting the picture jumps instead. */
const SCROLL_PAUSE: u32 = 4;
const HURRY: u32 = 40;

let stage: Stage = Stage.Power;
let sending: bool = false;
let shownRow: u32 = 0;
let pauseStart: u32 = 0;
let pauseCycles: u32 = 0;

/** Does what can be done now, without waiting; false if there was nothing to do. */
export function serveScreen(): bool {
  if (!screenKind || stage == Stage.Absent) return false;
  if (sending) {
    const state = poll();
    if (state == Bus.Failed) {
      closeBus();
      stage = Stage.Absent;
    }
    if (state != Bus.Done) return true;
    sending = false;
  }
  if (pauseCycles) {
    if (ccount() - pauseStart < pauseCycles) return true;
    pauseCycles = 0;
  }
  if (stage == Stage.Running) {
    sending = showNews();
    return sending;
  }
  bringUp();
  return true;
}

function pause(milliseconds: u32): void {
  pauseStart = ccount();
  pauseCycles = milliseconds * 1000 * clockMegahertz;
}

/** One step of the way to a lit screen. */
function bringUp(): void {
  switch (stage) {
    case Stage.Power:
      stage = Stage.Reset;
      if (screenReset >= 0) drivePin(screenReset, 0);
      if (screenPower >= 0) drivePin(screenPower, screenPowerOn);
      pause(screenPower >= 0 ? POWER_UP : screenReset >= 0 ? RESET_PULSE : 0);
      return;
    case Stage.Reset:
      stage = Stage.Release;
      if (screenReset >= 0) drivePin(screenReset, 1);
      pause(screenReset >= 0 ? RECOVERY : 0);
      return;
    case Stage.Release:
      stage = Stage.Configure;
      openBus(screenSda, screenScl);
      configure();
      break;
    case Stage.Configure:
      stage = Stage.FirstPicture;
      sendNews(0);
      break;
    default:
      if (!sendNews(0)) {
        stage = Stage.Running;
        switchOn();
      }
  }
  sending = true;
}

/** The next transaction: changed columns from the top of the glass down, then the scrolling that they were in the way of. */
function showNews(): bool {
  if (shownRow == topRow) writeQueued();
  if (sendNews(shownRow >> 3)) return true;
  if (shownRow == topRow) return false;
  shownRow = backlog() > HURRY ? topRow : (shownRow + 1) & (ROWS - 1);
  scrollTo(shownRow);
  if (shownRow != topRow) pause(SCROLL_PAUSE);
  return true;
}
