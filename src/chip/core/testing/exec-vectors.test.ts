import { describe, expect, it } from 'vitest';
import { dataText } from '../../../testing/shared-files.ts';
import { runExecVectors } from './exec-vectors.ts';

const HEADER = JSON.stringify({ default_state: { a2: '00000001', a3: '00000002', f1: '7fc00000' } });
const add = { asm: 'add a3, a2, a3', bytes: '303280', pre: {} };
const run = (vector: unknown) => runExecVectors(`${HEADER}\n${JSON.stringify(vector)}\n`);

describe('instruction vectors', { timeout: 600_000 }, () => {
  const [header, ...vectors] = dataText('isa/exec-vectors.jsonl.gz').trim().split('\n');
  const PARTS = 12;
  const parts = Array.from({ length: PARTS }, (_, part) =>
    [header, ...vectors.filter((_, i) => i % PARTS === part)].join('\n'),
  );
  it.each([...parts.entries()])('all pass, part %i', (_, part) => {
    const report = runExecVectors(part);
    expect(report.failures).toEqual([]);
    expect(report.passed).toBeGreaterThan(6000 / PARTS);
  });

  it.each([...parts.entries()])(
    'all pass as the core runs programs, too, with memory reached the fast way, part %i',
    (_, part) => {
      const report = runExecVectors(part, 'at once');
      expect(report.failures).toEqual([]);
      expect(report.passed).toBeGreaterThan(6000 / PARTS);
    },
  );

  it('fail where a register, memory or the next address differs', () => {
    expect(run({ ...add, post: { a3: '00000003' } })).toMatchObject({ passed: 1, failed: 0 });
    expect(run({ ...add, post: { a3: '00000004' } }).failures[0]).toContain('a3 is 3, expected 00000004');
    expect(run({ ...add, post: {} }).failed).toBe(1);
    expect(run({ ...add, post: { a3: '00000003' }, next: 16 }).failures[0]).toContain('goes on at .+3');
    expect(run({ ...add, post: { a3: '00000003' }, mem_post: { '3fc90000': '01' } }).failed).toBe(1);
  });

  it('prefer the corrected outcome, ignore the undefined one, compare NaN only as such', () => {
    const disputed = { ...add, post: { a3: '00000009' }, alt_post: { a3: '00000003' }, care: 'disputed' };
    expect(run(disputed).failed).toBe(0);
    expect(run({ ...add, post: {}, care: 'unspecified' })).toMatchObject({ passed: 1, unspecified: 1 });
    const nan = { asm: 'add.s f2, f1, f1', bytes: '10210a', pre: {}, post: { f2: 'ffc00001' } };
    expect(run({ ...nan, care: 'nan' }).failed).toBe(0);
    expect(run(nan).failed).toBe(1);
  });

  it('refuse what is no vector file', () => {
    expect(() => runExecVectors('{}')).toThrow(/default_state/);
  });
});
