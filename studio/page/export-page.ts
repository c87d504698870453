/** What is seen inside, as one HTML file that needs nothing else: the sheet goes along, buttons become text. */
import { looks } from '../state/inside.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';
import { saveFile } from './save.ts';
import { visible } from './token-strip.tsx';

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);

const sheets = (): string =>
  [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText)).join('\n');

/** The ten likeliest of every token, since nothing can be chosen in a file. */
function allTops(story: Told): string {
  const percent = (share: number): string => `${formatNumber(100 * share, 1)} %`;
  const rows = story.tokens.map((token, index) => {
    const look = looks.value[index];
    const pieces =
      look?.top.map(({ text, probability }) => `${escaped(visible(text))} ${percent(probability)}`) ?? [];
    return `<tr class="first"><th scope="row">${escaped(visible(token.text))}</th><td>${look ? percent(look.probability) : ''}</td><td class="soft">${pieces.join(' · ')}</td></tr>`;
  });
  return `<section class="section"><h2>${escaped(texts.value.inside.every)}</h2><div class="scroll"><table><tbody>${rows.join('')}</tbody></table></div></section>`;
}

export function exportPage(root: HTMLElement, story: Told): void {
  const copy = root.cloneNode(true) as HTMLElement;
  for (const part of copy.querySelectorAll('.no-export')) part.remove();
  for (const button of copy.querySelectorAll('button')) {
    const text = document.createElement('span');
    text.className = button.className;
    text.textContent = button.textContent;
    button.replaceWith(text);
  }
  const { board, model } = story.image;
  const title = escaped(`${model}, ${board}: ${story.digest}`);
  const html = `<!doctype html>
<html lang="${document.documentElement.lang}" data-theme="${document.documentElement.dataset.theme}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${sheets()}</style>
<body>${copy.outerHTML.replace(/<\/div>$/, '')}${allTops(story)}</div></body>
</html>
`;
  saveFile(`${model}-${story.digest}.html`, html, 'text/html');
}
