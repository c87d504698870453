/**
 * From a translation's text to the body of a WebAssembly function. The text is JavaScript of the narrowest kind (semantics/context.ts):
 * integers, views of memory, calls by name, labelled blocks and loops; this reads it once and writes as it reads, since the order of both is
 * the same. Whatever has no exact counterpart is an error, of the emitter that wrote it.
 */
import { CATCH } from './calls.ts';
import { createExpressions } from './expressions.ts';
import type { Names } from './names.ts';
import { op, pushUnsigned, STATE, VOID } from './opcodes.ts';
import { createReader } from './scan.ts';
import { createWriter } from './writer.ts';

const TRIED = '%tried';

/**
 * The function's body as the code section wants it, its length first.
 * @param parameters names of those behind the state's address, all integers
 * @throws Error for text that it does not understand
 */
export function compileBody(text: string, names: Names, parameters: readonly string[] = []): number[] {
  const reader = createReader(text);
  const writer = createWriter(STATE, parameters);
  const { words, fail, expect, take } = reader;
  const { out, open, local, variable, drop, branch } = writer;
  const { expression, sequence, asStatement, assigned } = createExpressions(reader, writer, names);

  const declaration = () => {
    do {
      const name = words[reader.at++];
      if (take('=')) {
        const kind = expression();
        local(op.set, variable(name, assigned(kind)).index);
      } else variable(name, 'i32');
    } while (take(','));
  };

  const block = () => {
    expect('{');
    while (words[reader.at] !== '}') statement();
    reader.at++;
  };

  const enclosed = (opcode: number, label: string, inside: () => void) => {
    out.push(opcode, VOID);
    open.push(label);
    inside();
    out.push(op.end);
    open.pop();
  };

  const condition = () => {
    expect('(');
    const kind = sequence();
    if (kind === 'f64' || kind === 'void' || kind === 'sum') fail('no condition');
    expect(')');
    enclosed(op.if, '', () => {
      statement();
      if (!take('else')) return;
      out.push(op.else);
      statement();
    });
  };

  const labelled = (label: string) => {
    if (words[reader.at] !== 'for') return enclosed(op.block, label, block);
    reader.at++;
    forever(label);
  };

  const forever = (label: string) => {
    for (const word of ['(', ';', ';', ')']) expect(word);
    enclosed(op.loop, label, () => {
      block();
      branch(op.br, label);
    });
  };

  /** What fails in the first block goes on in the second. */
  const attempt = () => {
    enclosed(op.block, TRIED, () => {
      enclosed(op.block, CATCH, () => {
        block();
        branch(op.br, TRIED);
      });
      expect('catch');
      block();
    });
  };

  const keywords: Readonly<Record<string, () => void>> = {
    let: declaration,
    const: declaration,
    if: condition,
    for: () => forever('%loop'),
    try: attempt,
    break: () => branch(op.br, words[reader.at++]),
    continue: () => branch(op.br, words[reader.at++]),
    return() {
      expression();
      out.push(op.return);
    },
  };

  const statement = () => {
    const word = words[reader.at];
    if (word === '{') return block();
    if (word === undefined) fail('the text ends');
    if (take(';')) return;
    const keyword = keywords[word];
    if (keyword) {
      reader.at++;
      keyword();
    } else if (words[reader.at + 1] === ':') {
      reader.at += 2;
      return labelled(word);
    } else {
      drop(asStatement());
    }
    take(';');
  };

  while (reader.at < words.length) statement();
  out.push(op.unreachable, op.end);
  return withLocals(writer.types, out);
}

function withLocals(types: readonly number[], code: readonly number[]): number[] {
  const declared: number[] = [];
  pushUnsigned(declared, types.length);
  for (const type of types) declared.push(1, type);
  const sized: number[] = [];
  pushUnsigned(sized, declared.length + code.length);
  return sized.concat(declared, code);
}
