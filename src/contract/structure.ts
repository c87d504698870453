/** Structures in memory: fields by name, with the offsets that follow from their order. */

/** Bytes of each type; `address` is a 32-bit word that holds where something lies. */
const BYTES = { address: 4, i32: 4, u32: 4, f32: 4, u64: 8 } as const;

export interface Field {
  type: keyof typeof BYTES;
  meaning: string;
  /** So many in a row, if more than one. */
  count?: number;
}

export type Fields = Readonly<Record<string, Field>>;

export interface PlacedField extends Field {
  name: string;
  /** From the start of the structure. */
  offset: number;
  bytes: number;
}

export interface Structure<F extends Fields = Fields> {
  meaning: string;
  fields: F;
  /** Its size is a multiple of this; a power of two. */
  unit: number;
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** The fields in order, each at a multiple of its size. */
export function placeFields({ fields }: Structure): PlacedField[] {
  let end = 0;
  return Object.entries(fields).map(([name, field]) => {
    const offset = roundUp(end, BYTES[field.type]);
    const bytes = BYTES[field.type] * (field.count ?? 1);
    end = offset + bytes;
    return { ...field, name, offset, bytes };
  });
}

/** Bytes of the whole structure. */
export function structureBytes(structure: Structure): number {
  const last = placeFields(structure).at(-1);
  return roundUp(last ? last.offset + last.bytes : 0, structure.unit);
}

/** Where a field lies. */
export function offsetOf<F extends Fields>(structure: Structure<F>, name: keyof F & string): number {
  const found = placeFields(structure).find((field) => field.name === name);
  if (!found) throw new Error(`contract: no field is called ${name}`);
  return found.offset;
}

/** Shorthand for a field. */
export const field = (type: Field['type'], meaning: string, count?: number): Field => ({
  type,
  meaning,
  ...(count === undefined ? {} : { count }),
});
