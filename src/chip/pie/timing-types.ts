/** What the timing engine needs to know about one instruction; stages: E = 1, M = 2. */
export interface PipelineUse {
  /** Index into the opcode's operand list, or the name of an implicit state ('ACCX', 'QACC_H', …). */
  readonly what: number | string;
  /** Stage in which the value is needed (uses) or ready (defs). */
  readonly stage: 1 | 2 | 3 | 4;
}

export interface PipelineRule {
  readonly uses: readonly PipelineUse[];
  readonly defs: readonly PipelineUse[];
  /** Shared functional units reserved in stage 1 and stage 2, one bit per unit. */
  readonly units1: number;
  readonly units2: number;
}
