/** The package's own version, for the greeting; a constant, as browsers cannot read package.json (version.test.ts compares). */
export const VERSION = '0.1.0';
