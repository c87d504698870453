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
  /** The line before and after, trimmed; of several lines one: what a list of equivalent mutants goes by, since lines move. */
  readonly before: string;
  readonly after: string;
  /** The whole file with the change. */
  readonly text: string;
  readonly change: Change;
}

/** `text.slice(start, end)` becomes `replacement`. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** What a choice at run time between both can stand around (switches.ts); undefined where none can. */
  readonly around?: {
    readonly form: 'expression' | 'statement' | 'text';
    readonly start: number;
    readonly end: number;
  };
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

const replace = (node: Node, start: number, end: number, replacement: string): Change => ({
  start,
  end,
  replacement,
  around: { form: 'expression', start: node.start, end: node.end },
});

/** The operator of a node, between two places. */
function operatorChange(text: string, node: Node, from: number, to: number): Change[] {
  const operator = node.operator as string;
  const replacement = OPERATORS[operator];
  const at = text.indexOf(operator, from);
  return replacement === undefined || at < 0 || at + operator.length > to
    ? []
    : [replace(node, at, at + operator.length, replacement)];
}

const TEXT_OPERATORS = /===|!==|>>>|<<|>>|<=|>=|&&|\|\||[+\-&|<>]/g;

/** Operators in the text between a template's holes. */
function textChanges(text: string, { start, end }: Node): Change[] {
  return Array.from(text.slice(start, end).matchAll(TEXT_OPERATORS), ({ 0: operator, index }) => {
    const place = { start: start + index, end: start + index + operator.length };
    return { ...place, replacement: OPERATORS[operator], around: { form: 'text', ...place } };
  });
}

function changesOf(node: Node, text: string): Change[] {
  const part = (key: string) => node[key] as Node;
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
      return operatorChange(text, node, part('left').end, part('right').start);
    case 'UpdateExpression':
      return operatorChange(text, node, node.start, node.end);
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === '-' || node.operator === '~'
        ? [replace(node, node.start, part('argument').start, '')]
        : [];
    case 'IfStatement':
    case 'ConditionalExpression': {
      const test = part('test');
      return ['true', 'false'].map((value) => replace(test, test.start, test.end, value));
    }
    case 'Literal':
      if (typeof node.value === 'number') return [replace(node, node.start, node.end, `${node.value + 1}`)];
      return typeof node.value === 'boolean' ? [replace(node, node.start, node.end, `${!node.value}`)] : [];
    case 'ExpressionStatement': {
      const { start, end } = node;
      return [{ start, end, replacement: ';', around: { form: 'statement', start, end } }];
    }
    case 'TemplateElement':
      return textChanges(text, node);
    default:
      return [];
  }
}

/** AssemblyScript's decorators stand where TypeScript has none: blanks of the same length. */
const withoutDecorators = (text: string) =>
  text.replace(/^[ \t]*@\w+(\([^)]*\))?[ \t]*$/gm, (line) => ' '.repeat(line.length));

const parse = (file: string, text: string) => parseSync(file, withoutDecorators(text), { lang: 'ts' });

/** Whether a text is a program at all: mixed with `||`, say, a `??` must not become `&&`. */
export const isProgram = (file: string, text: string): boolean => parse(file, text).errors.length === 0;

export function mutantsOf(file: string, text: string): Mutant[] {
  const { program, errors } = parse(file, text);
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

function mutantOf(file: string, text: string, change: Change): Mutant {
  const { start, end, replacement } = change;
  const mutated = text.slice(0, start) + replacement + text.slice(end);
  const first = text.lastIndexOf('\n', start - 1) + 1;
  const lineAt = (source: string, from: number) => {
    const stop = source.indexOf('\n', from);
    return source
      .slice(first, stop < 0 ? undefined : stop)
      .trim()
      .replace(/\s*\n\s*/g, ' ');
  };
  return {
    file,
    line: text.slice(0, start).split('\n').length,
    before: lineAt(text, end),
    after: lineAt(mutated, start + replacement.length),
    text: mutated,
    change,
  };
}
