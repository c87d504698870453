/** Elements of views in a translation's text: `view[index]`, read, assigned to, or with bits set and cleared. */
import type { View } from './names.ts';
import { ACCESS, op, STATE } from './opcodes.ts';
import type { Kind } from './operators.ts';
import { isNumber } from './scan.ts';
import { assigned, type Translation } from './translation.ts';

/** Reads on behind `view[`. @param isStatement nobody wants the value */
export function element(text: Translation, view: View, isStatement: boolean): Kind {
  const { reader, writer } = text;
  const { load, shift } = ACCESS[view.element];
  const start = writer.out.length;
  const offset = address(text, view);
  if (reader.take('=')) return assignment(text, view, offset, isStatement);
  if (reader.take('|=')) return update(text, view, start, offset, op.or);
  if (reader.take('&=')) return update(text, view, start, offset, op.and);
  writer.access(load, shift, offset);
  if (!isFloat(view)) return 'i32';
  if (view.element === 'f32') writer.out.push(op.promote);
  return 'f64';
}

const isFloat = (view: View): boolean => view.element === 'f32' || view.element === 'f64';

/** Reads `index]`, writes the address. @returns what the instruction is to add to it */
function address(text: Translation, { offset, element, inState }: View): number {
  const { reader, writer } = text;
  const { shift } = ACCESS[element];
  if (isNumber(reader.words[reader.at]) && reader.words[reader.at + 1] === ']') {
    const constant = offset + (Number(reader.words[reader.at]) << shift);
    reader.at += 2;
    if (inState) writer.local(op.get, STATE);
    else writer.number(0);
    return constant;
  }
  const more = offset + index(text, shift);
  reader.expect(']');
  if (inState) {
    writer.local(op.get, STATE);
    writer.out.push(op.add);
  }
  writer.touch();
  return more;
}

/** An index that is computed, in bytes. @returns bytes that are to be added to it, at least 0 */
function index(text: Translation, shift: number): number {
  const { writer } = text;
  const { out } = writer;
  const start = out.length;
  /** Whether an operator with a literal at its right was written last. */
  const endsWith = (opcode: number): boolean =>
    out.at(-1) === opcode && writer.literal.end === out.length - 1;
  let more = 0;
  text.sequence();
  // `x + k`: k becomes part of the instruction.
  if (endsWith(op.add) && writer.literal.value >= 0 && writer.literal.start > start) {
    more = writer.literal.value << shift;
    writer.forget(writer.literal.start);
  }
  if (shift === 0) return more;
  // `x >> shift`: what is shifted down would be shifted up again; the text has seen to its being aligned.
  if (endsWith(op.shrS) && writer.literal.value === shift) {
    writer.forget(writer.literal.start);
  } else {
    writer.number(shift);
    out.push(op.shl);
  }
  return more;
}

function assignment(text: Translation, view: View, offset: number, isStatement: boolean): Kind {
  const { reader, writer } = text;
  const { store, shift } = ACCESS[view.element];
  const kind = text.expression();
  if (isFloat(view)) {
    writer.toDouble(assigned(text, kind));
    if (view.element === 'f32') writer.out.push(op.demote);
  } else if (kind === 'f64' || kind === 'void') reader.fail('no integer');
  writer.touch();
  if (isStatement || isFloat(view)) {
    writer.access(store, shift, offset);
    return 'void';
  }
  const scratch = writer.variable('%value', 'i32').index;
  writer.local(op.tee, scratch);
  writer.access(store, shift, offset);
  writer.local(op.get, scratch);
  return kind;
}

/** `|=` and `&=`. @param start where its address is written */
function update(text: Translation, view: View, start: number, offset: number, operation: number): Kind {
  const { writer } = text;
  const { load, store, shift } = ACCESS[view.element];
  writer.insert(start, ...writer.out.slice(start)); // the address once more
  writer.access(load, shift, offset);
  text.expression();
  writer.out.push(operation);
  writer.access(store, shift, offset);
  writer.touch();
  return 'void';
}
