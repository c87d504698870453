/** Bytes a thread's GEMM needs for itself (wasm/gemm.ts: one panel and one tile). */
export const GEMM_SCRATCH_BYTES = 8192 + 128;

/** The operators of wasm/index.ts: addresses in bytes, counts in elements. */
export interface Kernels {
  setScratch(address: number): void;
  setAttentionScratch(address: number, context: number, headSize: number): void;
  gemm(
    c: number,
    cStride: number,
    a: number,
    aRowStride: number,
    aColumnStride: number,
    b: number,
    bRowStride: number,
    bColumnStride: number,
    rows: number,
    columns: number,
    depth: number,
    add: boolean,
  ): void;
  attentionForward(
    out: number,
    sums: number,
    largest: number,
    kept: number,
    q: number,
    k: number,
    v: number,
    steps: number,
    inverses: number,
    stepStride: number,
    length: number,
    heads: number,
    kvHeads: number,
    headSize: number,
  ): void;
  valueSteps(
    steps: number,
    inverses: number,
    v: number,
    tokens: number,
    kvHeads: number,
    headSize: number,
    shared: number,
    factor: number,
  ): void;
  attentionBackward(
    dq: number,
    dk: number,
    dv: number,
    dOut: number,
    out: number,
    sums: number,
    kept: number,
    q: number,
    k: number,
    v: number,
    length: number,
    heads: number,
    kvHeads: number,
    headSize: number,
  ): void;
  rmsnormForward(out: number, inverses: number, x: number, weight: number, rows: number, dim: number): void;
  rmsnormBackward(
    dx: number,
    dWeight: number,
    dOut: number,
    x: number,
    inverses: number,
    weight: number,
    rows: number,
    dim: number,
  ): void;
  rope(
    x: number,
    positions: number,
    cosines: number,
    sines: number,
    rows: number,
    dim: number,
    headSize: number,
    sign: number,
  ): void;
  clamp(x: number, count: number, limit: number): void;
  gatedForward(out: number, gate: number, up: number, count: number, relu: boolean): void;
  gatedBackward(dOut: number, gate: number, up: number, count: number, relu: boolean): void;
  gather(out: number, table: number, tokens: number, rows: number, dim: number): void;
  scatterAdd(dTable: number, dOut: number, tokens: number, rows: number, dim: number): void;
  dropout(x: number, count: number, key: number, threshold: number, factor: number): void;
  fakeQuantize(out: number, x: number, groups: number, group: number, levels: number): void;
  crossEntropy(
    logits: number,
    rowStride: number,
    targets: number,
    rows: number,
    vocabulary: number,
    scale: number,
  ): number;
  smoothLabels(
    gradients: number,
    rowStride: number,
    targets: number,
    rows: number,
    vocabulary: number,
    amount: number,
  ): void;
  distill(
    logits: number,
    rowStride: number,
    targets: number,
    ids: number,
    shares: number,
    top: number,
    rows: number,
    vocabulary: number,
    scale: number,
    mix: number,
    temperature: number,
    room: number,
  ): number;
  addInto(to: number, from: number, count: number): void;
  sumOfSquares(x: number, count: number): number;
  adamw(
    weights: number,
    gradients: number,
    first: number,
    second: number,
    count: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    decay: number,
    correct1: number,
    correct2: number,
    gradientScale: number,
  ): void;
  muon(
    weights: number,
    gradients: number,
    momentum: number,
    rows: number,
    columns: number,
    rate: number,
    beta: number,
    decay: number,
    gradientScale: number,
    scratch: number,
  ): void;
  multiplyAddPeak(rounds: number, factor: number, summand: number): number;
}

/** One instance over `memory` (shared, WebAssembly pages); every thread makes its own. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const imports = {
    env: {
      memory,
      abort: () => {
        throw new Error('train: a kernel aborted');
      },
    },
  };
  return new WebAssembly.Instance(module, imports).exports as unknown as Kernels;
}
