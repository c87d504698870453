/** The instruction set of the ESP32-S3's cores: table, assembler, disassembler, linker, ELF reader. */
export * from './assembler.ts';
export { decodeOperands, encodeInstruction } from './encode.ts';
export * from './link.ts';
export * from './object.ts';
export * from './registers.ts';
export * from './table.ts';
export { type AssembleTextOptions, assembleText } from './text/assemble.ts';
export { type DisassembledLine, disassemble, disassembleOne } from './text/disassemble.ts';
