/** Where the device programs' own static data begin: AssemblyScript's memory base of each way of running. */

export const memoryBases = {
  chip: { address: 0x3fc88000, meaning: "First byte of the chip's data RAM (SRAM1 on the data bus)." },
  component: {
    address: 0x5eed0000,
    meaning:
      'No memory at all: the ESP-IDF component finds its static data by these addresses and moves them.',
  },
  host: { address: 1024, meaning: 'A host leaves the first bytes free, so that no address is 0.' },
} as const;

/** What the compiled programs expect of the builder beside numbers. */
export const alignment = { vector: 16 } as const;
