/** The screen alone, for tests on the host: bytes in at one end, register accesses out at the other. */
export { show } from "./queue";
export { serveScreen } from "./index";
