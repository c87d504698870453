/** One token: what else was likely, how the answer formed layer by layer, where the heads looked. */
import { useState } from 'preact/hooks';
import { chosen, looks } from '../state/inside.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { Piece, TokenLook, Told } from '../worker/protocol.ts';
import { visible } from './token-strip.tsx';

const PERCENT = 100;

export function TokenDetail({ story }: { story: Told }) {
  const words = texts.value.inside;
  const token = story.tokens[chosen.value];
  const look = looks.value[chosen.value];
  if (!token) return null;
  if (!look)
    return (
      <p class="soft" role="status">
        {words.looking}
      </p>
    );
  const time = token.cycles === undefined ? '' : words.time(formatNumber(token.cycles / story.image.clock));
  return (
    <div class="halves detail">
      <section class="card" aria-labelledby="top">
        <h2 id="top">
          {words.top} <span class="token-name">{visible(token.text)}</span>
        </h2>
        <p class="soft small">{time}</p>
        <ol class="bars" data-top>
          {look.top.map((piece) => (
            <Bar key={piece.id} piece={piece} isSaid={piece.id === token.id} />
          ))}
        </ol>
      </section>
      <section class="card" aria-labelledby="lens">
        <h2 id="lens">{words.lens}</h2>
        <p class="soft small">{words.lensHelp}</p>
        <table class="lens">
          <tbody>
            {look.layers.map((pieces, layer) => (
              <tr key={layer}>
                <th scope="row">{words.layer(layer + 1)}</th>
                {pieces.map((piece) => (
                  <td key={piece.id} class={piece.id === token.id ? 'said' : undefined}>
                    {visible(piece.text)} <span class="soft">{percent(piece.probability)}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Attention story={story} look={look} />
    </div>
  );
}

const percent = (share: number): string => `${formatNumber(PERCENT * share, share < 0.0995 ? 1 : 0)} %`;

function Bar({ piece, isSaid }: { piece: Piece; isSaid: boolean }) {
  return (
    <li class={isSaid ? 'said' : undefined}>
      <span class="bar-name">{visible(piece.text)}</span>
      <span class="bar" style={{ width: `${Math.max(0.5, 60 * piece.probability)}%` }} />
      <span class="bar-value">{percent(piece.probability)}</span>
    </li>
  );
}

/** Weights of a head, or of all heads of a layer together. */
function weightsOf({ attention }: TokenLook, layer: number, head: number): readonly number[] {
  const heads = head < 0 ? attention[layer] : [attention[layer][head]];
  return Array.from(
    heads[0],
    (_, position) => heads.reduce((sum, weights) => sum + weights[position], 0) / heads.length,
  );
}

const FULL = 255;
const SHADES = 5;

function Attention({ story, look }: { story: Told; look: TokenLook }) {
  const words = texts.value.inside;
  const [layer, setLayer] = useState(look.attention.length - 1);
  const [head, setHead] = useState(-1);
  const at = Math.min(layer, look.attention.length - 1);
  const weights = weightsOf(look, at, head);
  const most = Math.max(...weights, 1);
  return (
    <section class="card wide" aria-labelledby="attention">
      <h2 id="attention">{words.attention}</h2>
      <p class="soft small">{words.attentionHelp}</p>
      <div class="choices">
        <Choice name={words.layers} count={look.attention.length} value={at} onChoose={setLayer} />
        <Choice
          name={words.heads}
          all={words.all}
          count={look.attention[at].length}
          value={head}
          onChoose={setHead}
        />
      </div>
      <p class="strip attention">
        {weights.map((weight, position) => {
          const shade = Math.ceil((SHADES * weight) / most);
          const text = position === 0 ? words.start : visible(story.tokens[position - 1].text);
          return (
            <span key={position} class={`token heat-${shade}`} title={percent(weight / FULL)}>
              {text}
            </span>
          );
        })}
      </p>
    </section>
  );
}

interface ChoiceProps {
  name: string;
  /** For -1, all of them together. */
  all?: string;
  count: number;
  value: number;
  onChoose(value: number): void;
}

function Choice({ name, all, count, value, onChoose }: ChoiceProps) {
  return (
    <label class="field">
      <span>{name}</span>
      <select value={value} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
        {all !== undefined && <option value={-1}>{all}</option>}
        {Array.from({ length: count }, (_, index) => (
          <option key={index} value={index}>
            {index + 1}
          </option>
        ))}
      </select>
    </label>
  );
}
