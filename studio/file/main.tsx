/** A saved file: what is inside a story, shown by the very parts of the page that it was saved in, without the page and without a network. */
import { render } from 'preact';
import { InsidePart } from '../page/inside-part.tsx';
import { language, theme } from '../state/appearance.ts';
import { facts } from '../state/model.ts';
import { asked, told } from '../state/story.ts';
import { followLanguage } from '../texts/index.ts';
import { openSaved } from './answers.ts';
import '../styles/index.css';

const saved = await openSaved('saved');
const { image, digest } = saved.told;
const title = `${image.model}, ${image.board}: ${digest}`;
language.value = saved.language;
theme.value = saved.theme;
facts.value = saved.facts;
asked.value = saved.asked;
told.value = saved.told;
await followLanguage();
document.documentElement.lang = saved.language;
document.documentElement.dataset.theme = saved.theme;
document.title = title;
const Foot = () => <p class="soft small save">{title}</p>;
render(
  <main>
    <InsidePart Foot={Foot} />
  </main>,
  document.body,
);
