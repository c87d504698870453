/** Starts the page. */
import { render } from 'preact';
import { App } from './page/app.tsx';
import { followAddress, part } from './state/address.ts';
import { followAppearance } from './state/appearance.ts';
import { followDrops } from './state/drop.ts';
import { missing, openChosen } from './state/model.ts';
import { keepOffline } from './state/offline.ts';
import { givenProgram, programOf } from './state/program.ts';
import { tellStory } from './state/story.ts';
import { textOf, trainingFile } from './state/training.ts';
import { nextTurn } from './state/turns.ts';
import { lab } from './state/workers.ts';
import { followLanguage, formatNumber } from './texts/index.ts';

lab.warmUp();
followAppearance();
followAddress();
followDrops((dropped) => {
  const [program, text] = [programOf(dropped), textOf(dropped)];
  part.value = program ? 'assembler' : text ? 'train' : 'models';
  if (program) givenProgram.value = program;
  else if (text) trainingFile.value = text;
  else void openChosen(dropped.name, dropped.files);
});
keepOffline();
if (missing.value === undefined) void tellStory();
await nextTurn();
await followLanguage();
// What a browser needs for its first number takes as long as all of the page.
formatNumber(0);
await nextTurn();
render(<App />, document.querySelector('#app')!);
