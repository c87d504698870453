/** The program's memory as the host reaches it: no time passes. Bytes that are not there read as 0. */
export interface ProgramMemory {
  read8(address: number): number;
  write8(address: number, value: number): void;
  read32(address: number): number;
  write32(address: number, value: number): void;
}
