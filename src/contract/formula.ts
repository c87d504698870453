/**
 * Sizes as text that both languages read alike: generated into device/ word for word, evaluated here. Whole numbers with
 * `+ - * /` (division cuts), `>> << & ~`, `a ? b : c`, parentheses, names and calls such as `max(a, pad16(b))`.
 */

/** What the names of a formula stand for: numbers, and functions of numbers. */
export interface Scope {
  number(name: string): number;
  call(name: string, args: readonly number[]): number;
}

type Node = (scope: Scope) => number;

/** Binary operators by how tightly they bind, the loosest first. */
const LEVELS: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { '&': (a, b) => a & b },
  { '>>': (a, b) => a >> b, '<<': (a, b) => a << b },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => Math.trunc(a / b) },
];

/** Reads a formula. @throws Error naming what is wrong with it */
export function parseFormula(text: string): Node {
  const tokens = text.match(/[A-Za-z_]\w*|0x[0-9a-fA-F]+|\d+|>>|<<|[-+*/&~?:(),]|\S/g) ?? [];
  let at = 0;
  const next = (): string | undefined => tokens[at];
  const expect = (wanted: string): void => {
    if (tokens[at++] !== wanted) throw new Error(`formula "${text}": ${wanted} expected at part ${at}`);
  };

  const choice = (): Node => {
    const condition = binary(0);
    if (next() !== '?') return condition;
    at++;
    const yes = choice();
    expect(':');
    const no = choice();
    return (scope) => (condition(scope) !== 0 ? yes : no)(scope);
  };
  const binary = (level: number): Node => {
    if (level === LEVELS.length) return unary();
    let left = binary(level + 1);
    for (;;) {
      const operation = Object.hasOwn(LEVELS[level], next() ?? '') ? LEVELS[level][tokens[at++]] : undefined;
      if (!operation) return left;
      const [a, b] = [left, binary(level + 1)];
      left = (scope) => operation(a(scope), b(scope));
    }
  };
  const unary = (): Node => {
    const sign = next();
    if (sign !== '-' && sign !== '~') return primary();
    at++;
    const operand = unary();
    return sign === '-' ? (scope) => -operand(scope) : (scope) => ~operand(scope);
  };
  const primary = (): Node => {
    const token = tokens[at++] ?? '';
    if (token === '(') {
      const inner = choice();
      expect(')');
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (!/^[A-Za-z_]/.test(token))
      throw new Error(`formula "${text}": ${token || 'its end'} is no number or name`);
    if (next() !== '(') return (scope) => scope.number(token);
    const args = list();
    return (scope) =>
      scope.call(
        token,
        args.map((arg) => arg(scope)),
      );
  };
  const list = (): Node[] => {
    const items: Node[] = [];
    expect('(');
    while (next() !== ')') {
      if (items.length > 0) expect(',');
      items.push(choice());
    }
    expect(')');
    return items;
  };

  const formula = choice();
  if (at < tokens.length) throw new Error(`formula "${text}": ${tokens[at]} is left over`);
  return formula;
}
