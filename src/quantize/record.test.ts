import { describe, expect, it } from 'vitest';
import { type Arithmetic, placeFields, records, structureBytes } from '../contract/index.ts';
import { createRecord, type Word } from './record.ts';

const arithmetics = Object.keys(records) as Arithmetic[];
type Words = { [name: string]: Word };

/** A word of the right type for every field. */
const wordsOf = (arithmetic: Arithmetic, part: 'header' | 'layer'): Words =>
  Object.fromEntries(
    placeFields(records[arithmetic][part]).map(({ name, type }, index): [string, Word] => [
      name,
      type === 'address' ? `blob${index}` : type === 'f32' ? { float: index / 4 } : -index,
    ]),
  );

describe.each(arithmetics)('the %s record', (arithmetic) => {
  const write = (part: 'header' | 'layer', words: Words) => {
    const record = createRecord(arithmetic, 2);
    if (part === 'header') record.writeHeader(words as never);
    else record.writeLayer(1, words as never);
    return record.blob;
  };

  it.each(['header', 'layer'] as const)('puts every word of a %s at its place', (part) => {
    const { bytes, references } = write(part, wordsOf(arithmetic, part));
    const view = new DataView(bytes.buffer);
    const fields = placeFields(records[arithmetic][part]);
    const start = part === 'header' ? 0 : bytes.length - structureBytes(records[arithmetic].layer); // the last
    for (const [index, { name, offset, type }] of fields.entries()) {
      const at = start + offset;
      if (type === 'address') expect(references).toContainEqual({ offset: at, blob: `blob${index}` });
      else if (type === 'f32') expect(view.getFloat32(at, true), name).toBe(index / 4);
      else expect(view.getInt32(at, true), name).toBe(-index);
    }
  });

  it.each(['header', 'layer'] as const)(
    'refuses a %s with a word too few, too many or of another type',
    (part) => {
      const words = wordsOf(arithmetic, part);
      const [first] = Object.keys(words);
      const { [first]: _, ...fewer } = words;
      expect(() => write(part, fewer)).toThrow(`record: the packer gives no word ${first}`);
      expect(() => write(part, { ...words, colour: 1, taste: 2 })).toThrow(
        'record: no word is called colour, taste',
      );
      for (const [name, word] of Object.entries(words)) {
        const other = typeof word === 'string' ? 7 : 'blob';
        expect(() => write(part, { ...words, [name]: other })).toThrow(
          `record: word ${name} is ${typeof word === 'string' ? 'i32, not address' : 'address, not '}`,
        );
      }
    },
  );
});
