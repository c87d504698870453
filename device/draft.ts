/**
 * A second, small model that guesses what the large one will say: a program of its own, compiled for its own numbers (`config.cores` is 1:
 * core 0 runs it alone, and meets nobody).
 */
import { likeliest } from "./sampler/fixed";
import { forwardCore } from "./transformer";

/** Takes the token at a position; nobody asks what follows. */
export function follow(token: i32, position: i32): void {
  forwardCore(0, token, position, false);
}

/** Takes the token at a position and says what is likeliest to follow. */
export function next(token: i32, position: i32): i32 {
  forwardCore(0, token, position, true);
  return likeliest();
}
