/** SLIP framing (RFC 1055) as the ROM's serial loader uses it: a frame between two 0xC0. */

const END = 0xc0;
const ESCAPE = 0xdb;
const ESCAPED_END = 0xdc;
const ESCAPED_ESCAPE = 0xdd;

/** One frame around `data`. */
export function slipEncode(data: ArrayLike<number>): Uint8Array {
  const out = [END];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === END) out.push(ESCAPE, ESCAPED_END);
    else if (data[i] === ESCAPE) out.push(ESCAPE, ESCAPED_ESCAPE);
    else out.push(data[i]);
  }
  return Uint8Array.from([...out, END]);
}

/**
 * Takes a stream byte by byte and calls `onFrame` with each complete frame. Bytes outside frames are noise and dropped, and so is a
 * frame with a wrong escape or more than `limit` bytes: the other side repeats what got no answer.
 */
export function createSlipDecoder(
  limit: number,
  onFrame: (frame: Uint8Array) => void,
): (byte: number) => void {
  let frame: number[] | undefined;
  let escaped = false;
  return (byte) => {
    if (byte === END) {
      const complete = frame;
      frame = [];
      if (complete && complete.length > 0 && !escaped) {
        frame = undefined;
        onFrame(Uint8Array.from(complete));
      }
      escaped = false;
      return;
    }
    if (!frame) return;
    if (escaped) {
      escaped = false;
      if (byte === ESCAPED_END) frame.push(END);
      else if (byte === ESCAPED_ESCAPE) frame.push(ESCAPE);
      else frame = undefined;
    } else if (byte === ESCAPE) escaped = true;
    else frame.push(byte);
    if (frame && frame.length > limit) frame = undefined;
  };
}
