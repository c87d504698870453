/** Which part of the model this board has. Of a model on one board all of it, and everything here folds away. */
import { board, boards } from "../contract/config";

/** The embedding. */
// @ts-ignore: decorator
@inline
export function hasEmbedding(): bool {
  return boards == 1 || board == 1;
}

/** The classifier, and with it the console: this board asks the others. */
// @ts-ignore: decorator
@inline
export function hasClassifier(): bool {
  return boards == 1 || board == 0;
}

// @ts-ignore: decorator
@inline
export function asksOthers(): bool {
  return boards > 1 && board == 0;
}
