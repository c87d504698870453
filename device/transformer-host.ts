/** The forward pass alone, for the host: what `eval` measures and the tests compare the chip with. */
import { forwardCore } from "./transformer";

export function forward(token: i32, position: i32): void {
  forwardCore(0, token, position, true);
}
