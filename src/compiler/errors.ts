import { FailureError } from '../errors.ts';

/** The file is not a valid WebAssembly module; the message says what is wrong and at which byte. */
export class MalformedModule extends FailureError {}

/** The module is valid WebAssembly but breaks a rule of its type system (the specification's "invalid"). */
export class InvalidModule extends FailureError {}

/** The module uses something this compiler refuses (f64, SIMD, ...); names the function and, if known, the source line. */
export class UnsupportedModule extends FailureError {
  /** What is unsupported, in one or two words: "f64", "SIMD". */
  readonly feature: string;

  constructor(feature: string, message: string) {
    super(message);
    this.feature = feature;
  }
}

/** An import that nothing provides, or provides with another type. */
export class UnlinkableModule extends FailureError {}
