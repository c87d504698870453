/** The heads of two columns of numbers, one a core. */
import { texts } from '../texts/index.ts';

export function CoreHeads() {
  const { core } = texts.value.inside;
  return (
    <>
      <th scope="col" class="number">
        {core(0)}
      </th>
      <th scope="col" class="number">
        {core(1)}
      </th>
    </>
  );
}
