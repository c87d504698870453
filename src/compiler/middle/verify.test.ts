/** What the checks between the passes say of a function that is wrong in one thing. */
import { describe, expect, it } from 'vitest';
import {
  addParam,
  append,
  type Block,
  constant,
  createBlock,
  createFunction,
  type IrFunction,
  type Value,
} from './ir.ts';
import { verifyFunction } from './verify.ts';

interface Parts {
  readonly fn: IrFunction;
  readonly entry: Block;
  /** The two ways of a branch, which meet in `join`. */
  readonly yes: Block;
  readonly no: Block;
  readonly join: Block;
  readonly x: Value;
  readonly sum: Value;
  readonly joined: Value;
}

/** if (x) join(x + 1) else join(5): return of what arrives. */
function right(): Parts {
  const fn = createFunction('f', 'f', { params: ['i'], results: ['i'] });
  const [entry, yes, no, join] = Array.from({ length: 4 }, () => createBlock(fn));
  const x = addParam(fn, entry, 'i');
  const joined = addParam(fn, join, 'i');
  const [sum] = append(fn, yes, 'add', [x, constant(fn, 1)], ['i']).results;
  entry.end = {
    kind: 'branch',
    condition: x,
    edges: [
      { to: yes, args: [] },
      { to: no, args: [] },
    ],
  };
  yes.end = { kind: 'jump', edges: [{ to: join, args: [sum] }] };
  no.end = { kind: 'jump', edges: [{ to: join, args: [constant(fn, 5)] }] };
  join.end = { kind: 'return', args: [joined], edges: [] };
  return { fn, entry, yes, no, join, x, sum, joined };
}

describe('a function', () => {
  it('that is right passes', () => {
    expect(() => verifyFunction(right().fn, 'a test')).not.toThrow();
  });

  it.each<[what: string, change: (parts: Parts) => void, told: string]>([
    [
      'with an edge to its entry',
      ({ yes, entry, x }) => {
        yes.end = { kind: 'jump', edges: [{ to: entry, args: [x] }] };
      },
      'b1: an edge leads to the entry',
    ],
    [
      'with an edge to a block that is gone',
      ({ fn, join }) => {
        fn.blocks = fn.blocks.filter((block) => block !== join);
      },
      'b1: an edge leads to b3, which is gone',
    ],
    [
      'with an argument too few',
      ({ no }) => {
        no.end.edges[0]!.args = [];
      },
      'b2, edge to b3: 0 arguments for 1 parameters',
    ],
    [
      'with an argument of another class',
      ({ fn, no }) => {
        no.end.edges[0]!.args = [constant(fn, 5, 'f')];
      },
      'b2, edge to b3: argument 0 has the wrong class',
    ],
    [
      'whose value is not made on every way',
      ({ join, sum }) => {
        join.end = { kind: 'return', args: [sum], edges: [] };
      },
      'b3, its return: %3 is not defined on every way here',
    ],
    [
      'whose edge takes what comes from elsewhere',
      ({ no, sum }) => {
        no.end.edges[0]!.args = [sum];
      },
      'b2, an edge: %3 is not defined on every way here',
    ],
    [
      'that asks what comes later',
      ({ entry, joined }) => {
        if (entry.end.kind === 'branch') entry.end.condition = joined;
      },
      'b0, its end: %1 is not defined on every way here',
    ],
    [
      'with an operation that there is not',
      ({ yes }) => {
        yes.insts[0].op = 'plus';
      },
      'b1, instruction 0 (plus): no such operation',
    ],
    [
      'with an operation of the wrong classes',
      ({ yes }) => {
        yes.insts[0].op = 'fadd';
      },
      'b1, instruction 0 (fadd): takes "ff", has "ii"',
    ],
    [
      'with a result of the wrong class',
      ({ yes }) => {
        yes.insts[0].op = 'itof';
        yes.insts[0].args.pop();
      },
      'b1, instruction 0 (itof): gives "f", has "i"',
    ],
    [
      'whose instruction says that it is elsewhere',
      ({ yes, no }) => {
        yes.insts[0].block = no;
      },
      'b1: instruction 0 (add) says that it is elsewhere',
    ],
    [
      'whose check stands behind what it guards',
      ({ fn, yes, x }) => {
        const load = append(fn, yes, 'load32', [x], ['i']);
        load.guards = [append(fn, yes, 'trapif', [x], [])];
      },
      'b1, instruction 1 (load32): its check does not stand before it',
    ],
  ])('%s does not', (_, change, told) => {
    const parts = right();
    change(parts);
    const text = (() => {
      try {
        verifyFunction(parts.fn, 'a test');
        return '';
      } catch (error) {
        return (error as Error).message.split('\n')[0];
      }
    })();
    expect(text).toBe(`internal error: after a test, f, ${told}`);
  });
});
