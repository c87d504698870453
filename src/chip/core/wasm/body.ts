/**
 * From a translation's text to the body of a WebAssembly function. The text is JavaScript of the narrowest kind (semantics/context.ts):
 * integers, views of memory, calls by name, labelled blocks and loops; this reads it once and writes as it reads, since the order of both is
 * the same. Whatever has no exact counterpart is an error, of the emitter that wrote it.
 */
import { CATCH } from './calls.ts';
import { asStatement, createTranslation } from './expressions.ts';
import { noteCalls } from './module.ts';
import type { Names } from './names.ts';
import { CALLED, op, pushUnsigned, STATE, VOID } from './opcodes.ts';
import { createReader } from './scan.ts';
import { assigned, type Translation } from './translation.ts';
import { createWriter, type Writer } from './writer.ts';

const TRIED = '%tried';

/**
 * The function's body as the code section wants it, its length first.
 * @param parameters names of those behind the state's address, all integers
 * @throws Error for text that it does not understand
 */
export function compileBody(text: string, names: Names, parameters: readonly string[] = []): number[] {
  const translation = createTranslation(createReader(text), createWriter(STATE, parameters), names);
  const { reader, writer } = translation;
  while (reader.at < reader.words.length) statement(translation);
  writer.out.push(op.unreachable, op.end);
  return withLocals(writer.types, writer.out);
}

function statement(text: Translation): void {
  const { reader, writer } = text;
  const word = reader.words[reader.at];
  if (word === undefined) reader.fail('the text ends');
  if (word === '{') block(text);
  else if (reader.words[reader.at + 1] === ':') {
    reader.at += 2;
    labelled(text, word);
  } else if (!reader.take(';')) {
    const keyword = KEYWORDS[word];
    if (keyword) {
      reader.at++;
      keyword(text);
    } else writer.drop(asStatement(text));
    reader.take(';');
  }
}

const KEYWORDS: Readonly<Record<string, (text: Translation) => void>> = {
  let: declaration,
  const: declaration,
  if: condition,
  for: (text) => forever(text, '%loop'),
  try: attempt,
  break: jump,
  continue: jump,
  return({ writer, expression }) {
    expression();
    writer.out.push(op.return);
  },
};

function jump({ reader, writer }: Translation): void {
  writer.branch(op.br, reader.words[reader.at++]);
}

function declaration(text: Translation): void {
  const { reader, writer } = text;
  do {
    const name = reader.words[reader.at++];
    if (reader.take('=')) {
      const kind = text.expression();
      writer.local(op.set, writer.variable(name, assigned(text, kind)).index);
    } else writer.variable(name, 'i32');
  } while (reader.take(','));
}

function block(text: Translation): void {
  const { reader } = text;
  reader.expect('{');
  while (reader.words[reader.at] !== '}') statement(text);
  reader.at++;
}

function enclosed({ out, open }: Writer, opcode: number, label: string, inside: () => void): void {
  out.push(opcode, VOID);
  open.push(label);
  inside();
  out.push(op.end);
  open.pop();
}

function condition(text: Translation): void {
  const { reader, writer } = text;
  reader.expect('(');
  const kind = text.sequence();
  if (kind === 'f64' || kind === 'void' || kind === 'sum') reader.fail('no condition');
  reader.expect(')');
  enclosed(writer, op.if, '', () => {
    statement(text);
    if (!reader.take('else')) return;
    writer.out.push(op.else);
    statement(text);
  });
}

function labelled(text: Translation, label: string): void {
  if (text.reader.take('for')) forever(text, label);
  else enclosed(text.writer, op.block, label, () => block(text));
}

function forever(text: Translation, label: string): void {
  for (const word of ['(', ';', ';', ')']) text.reader.expect(word);
  enclosed(text.writer, op.loop, label, () => {
    block(text);
    text.writer.branch(op.br, label);
  });
}

/** What fails in the first block goes on in the second. */
function attempt(text: Translation): void {
  const { reader, writer } = text;
  enclosed(writer, op.block, TRIED, () => {
    enclosed(writer, op.block, CATCH, () => {
      block(text);
      writer.branch(op.br, TRIED);
    });
    reader.expect('catch');
    block(text);
  });
}

function withLocals(types: readonly number[], code: readonly number[]): number[] {
  const inside: number[] = [];
  pushUnsigned(inside, types.length);
  for (const type of types) inside.push(1, type);
  const places: number[] = [];
  for (const item of code) {
    if (item < CALLED) inside.push(item);
    else {
      places.push(inside.length);
      pushUnsigned(inside, item - CALLED);
    }
  }
  const body: number[] = [];
  pushUnsigned(body, inside.length);
  const first = body.length;
  for (const byte of inside) body.push(byte);
  noteCalls(
    body,
    places.map((place) => first + place),
  );
  return body;
}
