/**
 * Mutants of a source file: each is one small change that some test should notice. Operators, numbers, conditions, removed
 * statements; in template texts (the simulator writes JavaScript that way) operators, too.
 */
import { parseSync } from 'vite';

export interface Mutant {
  /** Path from the repository's root. */
  readonly file: string;
  /** First line of the change, from 1. */
  readonly line: number;
  /** The line before and after, trimmed: what a list of equivalent mutants goes by, since lines move. */
  readonly before: string;
  readonly after: string;
  /** The whole file with the change. */
  readonly text: string;
}

/** Each operator, and what it becomes. */
const OPERATORS: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '&': '|',
  '|': '&',
  '^': '&',
  '<<': '>>',
  '>>': '<<',
  '>>>': '>>',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '==': '!=',
  '!=': '==',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+=': '-=',
  '-=': '+=',
  '|=': '&=',
  '&=': '|=',
  '<<=': '>>=',
  '>>>=': '>>=',
  '++': '--',
  '--': '++',
};

/** A node of the syntax tree (ESTree), as far as it is looked at here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

type Change = readonly [start: number, end: number, replacement: string];

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

/** What nothing depends on at run time, or what says only how something is called. */
const isSkipped = ({ type, ...rest }: Node): boolean =>
  type === 'ImportDeclaration' ||
  type.startsWith('TSType') ||
  type.startsWith('TSInterface') ||
  (type === 'ThrowStatement' && rest.argument !== undefined) ||
  (type === 'Property' && rest.kind === undefined);

/** The operator between two nodes. */
function operatorChange(text: string, from: number, to: number, operator: string): Change[] {
  const replacement = OPERATORS[operator];
  const at = text.indexOf(operator, from);
  return replacement === undefined || at < 0 || at + operator.length > to
    ? []
    : [[at, at + operator.length, replacement]];
}

const TEXT_OPERATORS = /===|!==|>>>|<<|>>|<=|>=|&&|\|\||[+\-&|<>]/g;

function changesOf(node: Node, text: string): Change[] {
  const part = (key: string) => node[key] as Node;
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
      return operatorChange(text, part('left').end, part('right').start, node.operator as string);
    case 'AssignmentExpression':
      return operatorChange(text, part('left').end, part('right').start, node.operator as string);
    case 'UpdateExpression':
      return operatorChange(text, node.start, node.end, node.operator as string);
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === '-' || node.operator === '~'
        ? [[node.start, part('argument').start, '']]
        : [];
    case 'IfStatement':
    case 'ConditionalExpression':
      return (['true', 'false'] as const).map((value) => [part('test').start, part('test').end, value]);
    case 'Literal':
      if (typeof node.value === 'number') return [[node.start, node.end, `${node.value + 1}`]];
      return typeof node.value === 'boolean' ? [[node.start, node.end, `${!node.value}`]] : [];
    case 'ExpressionStatement':
      return [[node.start, node.end, ';']];
    case 'TemplateElement':
      return Array.from(
        text.slice(node.start, node.end).matchAll(TEXT_OPERATORS),
        ({ 0: operator, index }): Change => {
          const at = node.start + index;
          return [at, at + operator.length, OPERATORS[operator]];
        },
      );
    default:
      return [];
  }
}

/** AssemblyScript's decorators stand where TypeScript has none: blanks of the same length. */
const withoutDecorators = (text: string) =>
  text.replace(/^[ \t]*@\w+(\([^)]*\))?[ \t]*$/gm, (line) => ' '.repeat(line.length));

export function mutantsOf(file: string, text: string): Mutant[] {
  const { program, errors } = parseSync(file, withoutDecorators(text), { lang: 'ts' });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const mutants: Mutant[] = [];
  const visit = (node: Node) => {
    if (isSkipped(node)) return;
    for (const change of changesOf(node, text)) mutants.push(mutantOf(file, text, change));
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program as unknown as Node);
  return mutants;
}

function mutantOf(file: string, text: string, [start, end, replacement]: Change): Mutant {
  const mutated = text.slice(0, start) + replacement + text.slice(end);
  const first = text.lastIndexOf('\n', start - 1) + 1;
  const lineAt = (source: string, from: number) => {
    const stop = source.indexOf('\n', from);
    return source.slice(first, stop < 0 ? undefined : stop).trim();
  };
  return {
    file,
    line: text.slice(0, start).split('\n').length,
    before: lineAt(text, end),
    after: lineAt(mutated, start + replacement.length),
    text: mutated,
  };
}
