/**
 * The board's screen. With two cores, core 1 serves it: while it waits for core 0 to sample and print, and for moments at the
 * barriers of a slow pass. It never waits for the bus: a transaction of up to 32 bytes is started, and the next one some call later.
 * A screen that does not answer, at the start or at any time after, is left alone from then on.
 */
import { ccount } from "../chip";
import { ROWS } from "./canvas";
import { clockMegahertz, screenKind, screenPower, screenPowerOn, screenReset, screenScl, screenSda } from "../contract/config";
import { drivePin } from "../gpio";
import { Bus, closeBus, openBus, poll, transactionCycles } from "./i2c";
import { configure, scrollTo, sendNews, switchOn } from "./panel";
import { backlog, topRow, writeQueued } from "./writer";

/** In this order, one after the other. */
const enum Stage {
  Power,
  Reset,
  Configure,
  /** The splash, before the light goes on. */
  FirstPicture,
  Running,
}

/** Milliseconds for the supply to come up, of a reset pulse, and behind it. */
const POWER_UP: u32 = 50;
const RESET_PULSE: u32 = 2;
const RECOVERY: u32 = 10;
/** Milliseconds between two rows of scrolling; with so many bytes waiting the picture jumps instead. */
const SCROLL_PAUSE: u32 = 4;
const HURRY: u32 = 40;
/** Milliseconds until it looks again whether there is something to show. */
const IDLE: u32 = 1;
/** So much longer may the screen wait before it interrupts a pass. */
const GRACE: u32 = 1;

let stage: Stage = Stage.Power;
let sending: bool = false;
let shownRow: u32 = 0;
// When there may be something to do again: so many cycles after `since`. 0: never.
let since: u32 = 0;
let interval: u32 = 1;

/** A moment for the screen within a pass. Only a slow model gives it one: otherwise the time between passes is enough. */
// @ts-ignore: decorator
@inline
export function remindScreen(): void {
  if (screenKind && interval && ccount() - since > interval + cyclesOf(GRACE)) serveScreen();
}

/** Does what can be done now, without waiting; false if there is nothing to do. */
export function serveScreen(): bool {
  if (!screenKind || !interval) return false;
  if (ccount() - since < interval) return stage != Stage.Running || sending;
  if (sending) {
    const state = poll();
    if (state == Bus.Busy) return true;
    sending = false;
    if (state == Bus.Failed) {
      closeBus();
      interval = 0;
      return false;
    }
  }
  since = ccount();
  interval = cyclesOf(IDLE);
  if (stage == Stage.Running) return showNews();
  bringUp();
  return true;
}

// @ts-ignore: decorator
@inline
function cyclesOf(milliseconds: u32): u32 {
  return milliseconds * 1000 * clockMegahertz;
}

/** Waits for the transaction that has just been started. */
function awaitBus(): void {
  sending = true;
  interval = transactionCycles;
}

/** One step of the way to a lit screen. */
function bringUp(): void {
  switch (stage) {
    case Stage.Power:
      stage = Stage.Reset;
      if (screenReset >= 0) drivePin(screenReset, 0);
      if (screenPower >= 0) drivePin(screenPower, screenPowerOn);
      if (screenPower >= 0) interval = cyclesOf(POWER_UP);
      else if (screenReset >= 0) interval = cyclesOf(RESET_PULSE);
      return;
    case Stage.Reset:
      stage = Stage.Configure;
      if (screenReset < 0) return;
      drivePin(screenReset, 1);
      interval = cyclesOf(RECOVERY);
      return;
    case Stage.Configure:
      stage = Stage.FirstPicture;
      openBus(screenSda, screenScl);
      configure();
      break;
    default:
      if (!sendNews(0)) {
        stage = Stage.Running;
        switchOn();
      }
  }
  awaitBus();
}

/** The next transaction: changed columns from the top of the glass down, then the scrolling that they were in the way of. */
function showNews(): bool {
  if (shownRow == topRow) writeQueued();
  if (!sendNews(shownRow >> 3)) {
    if (shownRow == topRow) return false;
    shownRow = backlog() > HURRY ? topRow : (shownRow + 1) & (ROWS - 1);
    scrollTo(shownRow);
    awaitBus();
    if (shownRow != topRow) interval = cyclesOf(SCROLL_PAUSE);
    return true;
  }
  awaitBus();
  return true;
}
