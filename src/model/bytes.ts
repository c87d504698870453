/** A reader that knows where it is, so that every refusal can say which tensor of which file broke off. */
import { FailureError } from '../errors.ts';

export interface ByteReader {
  readonly offset: number;
  readonly remaining: number;
  i32(): number;
  u8(): number;
  seek(offset: number): void;
  /** `count` IEEE singles; refuses NaN and infinities, naming `what`. */
  floats(count: number, what: string): Float32Array;
  int8s(count: number, what: string): Int8Array;
}

/** Little-endian reader over `bytes`; `name` stands in the messages. */
export function byteReader(bytes: Uint8Array, name: string): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength); // Buffer's slice would not copy
  let offset = 0;

  const take = (size: number, what: string): number => {
    if (size > bytes.length - offset) {
      throw new FailureError(
        `${name}: the file ends inside ${what}: ${size} bytes wanted at offset ${offset}, ${bytes.length - offset} left; fetch or export it again`,
      );
    }
    const at = offset;
    offset += size;
    return at;
  };

  return {
    get offset() {
      return offset;
    },
    get remaining() {
      return bytes.length - offset;
    },
    i32: () => view.getInt32(take(4, 'its header'), true),
    u8: () => view.getUint8(take(1, 'its header')),
    seek(to) {
      offset = 0;
      take(to, 'its header');
    },
    floats(count, what) {
      const at = take(4 * count, what);
      const values = new Float32Array(plain.slice(at, at + 4 * count).buffer);
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new FailureError(
          `${name}: ${what} holds ${values[bad]} at element ${bad}; the weights are damaged, export them again`,
        );
      }
      return values;
    },
    int8s(count, what) {
      const at = take(count, what);
      return new Int8Array(plain.slice(at, at + count).buffer);
    },
  };
}
