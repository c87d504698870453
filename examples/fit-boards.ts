/** On which boards a model fits, in which precision and with how long a context. */
import { boards, fitBoards } from 'esp32-llm';
import { shippedModel, shippedPrograms } from 'esp32-llm/node';

const { model, tokenizer } = shippedModel();
for (const { board, precision, context, weights } of fitBoards(model, tokenizer, shippedPrograms)) {
  const { name } = boards.find(({ id }) => id === board)!;
  console.log(
    `${name}, ${precision}: ${context ? `${context} positions, weights in ${weights}` : 'does not fit'}`,
  );
}
