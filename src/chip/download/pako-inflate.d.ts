/** The half of pako that unpacks: the whole of it would double what browsers load of the serial loader. */
declare module 'pako/lib/inflate.js' {
  import type { Inflate } from 'pako';

  const inflate: { Inflate: typeof Inflate };
  export default inflate;
}
