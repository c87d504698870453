/** A token's row of an embedding whose groups of columns have scales, which it shares with the classifier. */
import { dim, int4Group, model } from "../contract/config";
import { INT5_GROUP } from "../contract/constants";
import * as at from "../contract/fixed";
import { INT4, INT5, rowBytes } from "../contract/formats";
import { pad16 } from "../contract/sizes";

/** Components `first` and so many more of an embedding that lies in int4 (device/kernels/matvec4.ts), where `unit` is that of its row. */
export function embedInt4(x: usize, first: i32, count: i32, token: i32, unit: i32): void {
  let groups = (pad16(dim) + int4Group - 1) / int4Group;
  let chunks = pad16(dim) >> 4;
  let pair = load<usize>(model, at.EMBEDDING) + <usize>((token >> 4) * (rowBytes(INT4, pad16(dim)) << 4) + (token & 15));
  const below: usize = token & 3 ? 1 : 0; // nothing lies below a word's first row
  let column = 0;
  for (; groups > 0; groups--) {
    const mine = (chunks + groups - 1) / groups;
    chunks -= mine;
    const end = column + (mine << 4);
    const scale = <i32>load<i8>(pair + (<usize>mine << 7)) * unit;
    for (; column < end; column += 2) {
      if (column >= first && column < first + count) {
        const byte = <i32>load<u8>(pair);
        const under = below ? <i32>load<u8>(pair - below) >> 4 : 0;
        const place = x + (<usize>column << 2);
        store<i32>(place, (<i32>(<i8>byte) * scale) >> 7, 0);
        store<i32>(place, (<i32>(<i8>((byte << 4) | under)) * scale) >> 7, 4);
      }
      pair += 16;
    }
    pair += 16;
  }
}

/** The same of an embedding in int5 (device/kernels/matvec5.ts). */
export function embedInt5(x: usize, first: i32, count: i32, token: i32, unit: i32): void {
  let group = load<usize>(model, at.EMBEDDING) + <usize>((token >> 4) * (rowBytes(INT5, pad16(dim)) << 4) + (token & 15));
  for (let begin = 0; begin < first + count; begin += INT5_GROUP) {
    const columns = min(pad16(dim) - begin, INT5_GROUP);
    const scales = group + (<usize>((2 * columns + 2) / 3) << 4);
    const scale = <i32>load<i8>(scales) * unit;
    const end = min(begin + columns, first + count);
    for (let column = max(begin, first); column < end; column++) {
      const weight = int5At(group, column - begin, (token & 3) != 0);
      store<i32>(x + (<usize>column << 2), (weight * scale) >> 7);
    }
    group = scales + 16;
  }
}

/** The weight of a column of a group; below a word's first row nothing lies. */
function int5At(group: usize, column: i32, hasBelow: bool): i32 {
  const three = column / 3;
  const which = column - 3 * three;
  const place = group + (<usize>three << 5);
  if (which < 2) return <i32>load<i8>(place + (<usize>which << 4)); // or one of those that are left at the end
  let byte = (<u32>load<u8>(place) << 5) ^ (<u32>load<u8>(place, 16) << 2);
  if (hasBelow) byte ^= (<u32>load<u8>(place - 1) >> 3) ^ (<u32>load<u8>(place + 15) >> 6);
  return <i32>(<i8>byte);
}
