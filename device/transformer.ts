/**
 * One token through the model, as llama2.c's forward() does it, on one core or two. The work of every stage is cut into two
 * halves (rows of matrices, heads, hidden units); a core does its half, and both meet before the next stage reads the results.
 * With one core it does both halves, with the same numbers.
 */
import { cores, hasLayerEmbeddings, layers } from "./contract/config";
import { barrier } from "./barrier";
import { hasClassifier } from "./chain/part";
import { remindScreen } from "./screen";
import { attend, classify, embed, embedLayer, feedForward, project, projectDown, projectOut } from "./contract/stages";

/** With two cores: one half of every stage, and a meeting behind each. */
// @ts-ignore: decorator
@inline
function forwardHalf(core: i32, token: i32, position: i32, scored: bool): void {
  embed(core, token, position);
  barrier(core);
  for (let layer = 0; layer < layers; layer++) {
    project(core, layer, position);
    barrier(core);
    attend(core, layer, position);
    barrier(core);
    projectOut(core, layer);
    barrier(core);
    feedForward(core, layer);
    barrier(core);
    projectDown(core, layer);
    if (hasLayerEmbeddings) embedLayer(core, layer + 1, token);
    barrier(core);
  }
  if (hasClassifier() && scored) classify(core);
}

/** The share of `core` in a forward pass; where `scored`, both halves of `logits` are complete once both cores have returned. */
export function forwardCore(core: i32, token: i32, position: i32, scored: bool): void {
  if (cores == 2) {
    if (core) forwardHalf(1, token, position, scored);
    else forwardHalf(0, token, position, scored);
  } else {
    for (let half = 0; half < 2; half++) embed(half, token, position);
    for (let layer = 0; layer < layers; layer++) {
      for (let half = 0; half < 2; half++) project(half, layer, position);
      for (let half = 0; half < 2; half++) attend(half, layer, position);
      for (let half = 0; half < 2; half++) projectOut(half, layer);
      for (let half = 0; half < 2; half++) feedForward(half, layer);
      for (let half = 0; half < 2; half++) projectDown(half, layer);
      if (hasLayerEmbeddings) for (let half = 0; half < 2; half++) embedLayer(half, layer + 1, token);
      if (SCREEN) remindScreen();
    }
    if (!hasClassifier() || !scored) return;
    for (let half = 0; half < 2; half++) classify(half);
  }
}
