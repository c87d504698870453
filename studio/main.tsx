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
import { lab } from './state/workers.ts';
import { followLanguage } from './texts/index.ts';

lab.warmUp();
followAppearance();
followAddress();
followDrops((dropped) => {
  const program = programOf(dropped);
  part.value = program ? 'assembler' : 'models';
  if (program) givenProgram.value = program;
  else void openChosen(dropped.name, dropped.files);
});
keepOffline();
if (missing.value === undefined) void tellStory();
await followLanguage();
render(<App />, document.querySelector('#app')!);
