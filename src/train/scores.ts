/**
 * Scores of attention that stay within what eight bits tell apart. Under Muon they may grow without end (to 890 nats after 17,000 steps of a shape
 * whose softmax had long been a choice of one token), which a pass in floats bears and the chip's int8 queries and keys do not: a run that rounds
 * for its finish then falls apart. So after a step the queries and keys of heads that went beyond the limit are scaled down, as QK-Clip does (Kimi
 * Team 2025, arXiv:2507.20534, section 2.1).
 */
import type { LayerTensors, Tensor } from './shape.ts';

/** Largest score in nats. Our story model, of 28,000 steps without a limit, has come to 160. */
const LIMIT = 50;

/** What the queries and keys of a head of keys are to be multiplied by, whose scores came to so much. */
export const clipFactor = (score: number): number => (score > LIMIT ? Math.sqrt(LIMIT / score) : 1);

/** The layer whose queries or keys a tensor makes, or -1. */
export const scoringLayer = (layers: readonly LayerTensors[], tensor: Tensor): number =>
  layers.findIndex(({ wq, wk }) => tensor === wq || tensor === wk);
