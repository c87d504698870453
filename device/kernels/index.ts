/** The portable twins of the hand-written kernels (src/kernels): the definition of what each computes, bit for bit. */

export * from "./active";
export * from "./attention";
export * from "./gelu";
export * from "./matvec";
export * from "./matvec4";
export * from "./matvec5";
export * from "./reglu";
export * from "./rope";
export * from "./sampler";
export * from "./swiglu";
export * from "./vector";
export * from "./matvec_f32";
