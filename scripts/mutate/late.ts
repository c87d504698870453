/** CPU milliseconds that a test may take with a mutant: six times its own, of what is beyond two seconds only twice, and a second. */
export const latest = (cpu: number): number => 2 * cpu + 4 * Math.min(cpu, 2_000) + 1_000;
