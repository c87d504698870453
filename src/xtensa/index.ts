/** The instruction set of the ESP32-S3's cores: table, assembler, disassembler, linker, ELF reader. */
export * from './assembler.ts';
export { type Elf, type ElfSection, type ElfSegment, type ElfSymbol, readElf } from './elf.ts';
export { writeElfObject } from './elf-object-write.ts';
export { type ElfContent, writeElf } from './elf-write.ts';
export { decodeOperands, encodeInstruction } from './encode.ts';
export * from './latency.ts';
export * from './link.ts';
export * from './link-files.ts';
export * from './object.ts';
export * from './registers.ts';
export * from './table.ts';
export { type AssembleTextOptions, assembleText } from './text/assemble.ts';
export { coreHeader } from './text/cpp/core-header.ts';
export type { IncludedFile, IncludeRequest, PreprocessOptions } from './text/cpp/preprocess.ts';
export { type DisassembledLine, disassemble, disassembleOne } from './text/disassemble.ts';
export { type ListedLine, listCode, printListing } from './text/listing.ts';
export { printAssembly } from './text/print.ts';
export * from './tools.ts';
