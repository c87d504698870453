/** The instruction set of the ESP32-S3's cores: table, assembler, disassembler, linker, ELF reader. */
export * from './assembler.ts';
export * from './link.ts';
export * from './object.ts';
export * from './registers.ts';
export * from './table.ts';
