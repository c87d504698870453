import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { supplyCurrent } from '../chip/soc/index.ts';
import { estimateEnergy } from './energy.ts';

describe('the energy of a token', () => {
  it('is voltage times current times time', () => {
    const { millijoulesPerToken, milliamperes } = estimateEnergy({ clock: 240, cores: 2, pie: true }, 0.2);
    expect(milliamperes).toEqual({ least: 91.7, most: 107.9 });
    expect(millijoulesPerToken.least).toBeCloseTo(3.3 * 0.0917 * 0.2, 12);
    expect(millijoulesPerToken.most).toBeCloseTo(3.3 * 0.1079 * 0.2, 12);
  });

  it('rests on the currents that docs/esp32-s3.md quotes', () => {
    const facts = readFileSync(new URL('../../docs/esp32-s3.md', import.meta.url), 'utf8');
    const rows = [
      ...facts.matchAll(
        /^\| (80|160|240) MHz, (one core|both cores) busy, (32|128)-bit \| ([\d.]+) \| ([\d.]+) \|/gm,
      ),
    ];
    expect(rows).toHaveLength(12);
    for (const [, megahertz, cores, bits, least, most] of rows) {
      const activity = {
        megahertz: Number(megahertz) as 80 | 160 | 240,
        cores: cores === 'one core' ? (1 as const) : (2 as const),
        vectors: bits === '128',
      };
      expect(supplyCurrent(activity)).toEqual({ least: Number(least), most: Number(most) });
    }
  });
});
