/** The life of a board without a console: it takes what the one before sends, does its layers, and sends on. What comes meanwhile is dropped. */
import { board, chainWord } from "../contract/config";
import { Fault, FrameKind } from "../contract/status";
import { pass } from "../parallel";
import { DAMAGE, orderOf, receive, sendVector, sendWord, takeVector, wordOf } from "./frame";
import { discard } from "./link";
import { hasEmbedding } from "./part";

const NOTHING: u32 = 0xffff_ffff;
/** The last request that was done; its answer is still in the residual stream. */
let done: u32 = 0xffff_ffff;
/** Positions whose keys and values are in the cache. */
let known: u32 = 0;

export function serveOthers(): void {
  for (;;) {
    const kind = receive(0);
    if (kind == DAMAGE) complain(Fault.Damaged, done);
    else if (kind == FrameKind.Fault) sendWord(FrameKind.Fault, orderOf(), wordOf());
    else if (kind == FrameKind.Hello) greet();
    else if (kind == (hasEmbedding() ? FrameKind.Token : FrameKind.Vector)) serve(orderOf());
  }
}

function complain(fault: Fault, order: u32): void {
  sendWord(FrameKind.Fault, order, <u32>fault | (<u32>board << 8));
}

/** Numbers begin anew with the board that counts them. */
function greet(): void {
  if (wordOf() != chainWord) return complain(Fault.Foreign, orderOf());
  done = NOTHING;
  sendWord(FrameKind.Hello, orderOf(), chainWord);
}

function serve(order: u32): void {
  const position = order >> 16;
  if (order != done) {
    if (position > known) return complain(Fault.Lost, order);
    if (!hasEmbedding()) takeVector();
    pass(hasEmbedding() ? <i32>wordOf() : 0, <i32>position);
    known = position + 1;
    done = order;
    discard();
  }
  sendVector(order);
}
