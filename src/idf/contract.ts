/** The contract as the component's templates want it: C declarations and entry points. */
import {
  entries,
  mostWords,
  placeFields,
  regions,
  structureBytes,
  weightsHeader,
  weightsMagic,
  weightsVersion,
} from '../contract/index.ts';
import type { Values } from './template.ts';

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** `const char *text`, `int32_t core`. */
const declared = (type: string, name: string): string => `${type}${type.endsWith('*') ? '' : ' '}${name}`;

function headerStruct(): string {
  const fields = placeFields(weightsHeader);
  const last = fields[fields.length - 1];
  const unused = (structureBytes(weightsHeader) - last.offset - last.bytes) / 4;
  return [
    ...fields.map(({ name, meaning }) => `    /** ${meaning} */\n    uint32_t ${snake(name)};`),
    `    uint32_t unused[${unused}];`,
  ].join('\n');
}

function prototypes(): string {
  return Object.entries(entries)
    .map(([name, { result, parameters, meaning }]) => {
      const list = Object.entries(parameters).map(([parameter, type]) => declared(type, parameter));
      return `/** ${meaning} */\n${declared(result, `esp32_llm_program_${name}`)}(${list.join(', ') || 'void'});`;
    })
    .join('\n');
}

/** Values of the templates esp32_llm_program.h and entry.S. */
export const contractValues = (): Values => ({
  REGIONS: regions.map((region) => `REGION_${region.toUpperCase()}`).join(', '),
  WEIGHTS_MAGIC: `0x${weightsMagic.toString(16)}u`,
  WEIGHTS_VERSION: `${weightsVersion}u`,
  WEIGHTS_HEADER: headerStruct(),
  PROTOTYPES: prototypes(),
  ENTRIES: Object.keys(entries)
    .map((name) => `\twindowed ${name}`)
    .join('\n'),
  WORD_BYTES: 4 * mostWords,
});
