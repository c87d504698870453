/** Starts the page. */
import { render } from 'preact';
import { App } from './page/app.tsx';
import { followAddress } from './state/address.ts';
import { followAppearance } from './state/appearance.ts';
import { warmUp } from './state/lab.ts';
import { tellStory } from './state/story.ts';
import { followLanguage } from './texts/index.ts';

warmUp();
followAppearance();
followAddress();
void tellStory();
await followLanguage();
render(<App />, document.querySelector('#app')!);
