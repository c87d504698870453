/** Pages of the address space and of the arena: 4 KB. */
export const PAGE_SHIFT = 12;
