/**
 * Templates as others' models bring them: programs in Jinja (tokenizer_config.json `chat_template`, GGUF `tokenizer.chat_template`). They are
 * not run here: those that are known word for word, but for quotes and white space that writes nothing, are read as what they write, and others refused.
 */
import type { ChatTemplate, TemplateParts } from './chat-template.ts';
import type { Model } from './types.ts';

export interface SpecialNames {
  /** Numbers of tokens that no text has in it, by their names. */
  ids: ReadonlyMap<string, number>;
  /** What begins and ends every text. */
  start: number;
  end: number;
}

/** Names of what begins and ends a text in a shape below. */
const [BOS, EOS] = ['bos_token', 'eos_token'];

/** A model's own text within a shape. */
const OWN = '\0';

const TAG = /(\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\})/;

/** Within a tag: one kind of quotes, one way to reach into a message, no white space but in texts. */
const evenTag = (tag: string): string =>
  tag
    .split(/('[^']*'|"[^"]*")/)
    .map((part, i) =>
      i % 2 === 1 ? `'${part.slice(1, -1)}'` : part.replace(/\s+|(?<=^\{[%{])-|-(?=[%}]\}$)/g, ''),
    )
    .join('')
    .replaceAll(/message\.(role|content)/g, "message['$1']");

/** A program whose white space is what it writes: as transformers run it, a line end behind a block goes, and what stands before one. */
function even(program: string): string {
  const parts = program.replaceAll('\\n', '\n').split(TAG);
  const text = (part: string, i: number): string => {
    const [previous = '', next = ''] = [parts[i - 1], parts[i + 1]];
    let out = part;
    if (/-[%}]\}$/.test(previous)) out = out.trimStart();
    else if (previous.endsWith('%}')) out = out.replace(/^\n/, '');
    if (/^\{[%{]-/.test(next)) out = out.trimEnd();
    else if (next.startsWith('{%')) out = out.replace(/(^|\n)[ \t]+$/, '$1');
    return out;
  };
  return parts.map((part, i) => (i % 2 === 1 ? evenTag(part) : text(part, i))).join('');
}

interface KnownShape {
  name: string;
  /** With {@link OWN} where any text may stand. */
  programs: readonly string[];
  /** With names of special tokens as texts; {@link BOS} and {@link EOS} apart, and {@link OWN} for what stands there. */
  template: ChatTemplate;
}

const turns = (system: string[], user: string[], assistant: string[]): ChatTemplate => {
  const around = ([before, ...behind]: string[]) => ({ before: before === '' ? [] : [before], behind });
  return { system: around(system), user: around(user), assistant: around(assistant) };
};

const CHATML = turns(
  ['<|im_start|>system\n', '<|im_end|>\n'],
  ['<|im_start|>user\n', '<|im_end|>\n'],
  ['<|im_start|>assistant\n', '<|im_end|>\n'],
);
const header = (role: string): string[] => [`<|start_header_id|>${role}<|end_header_id|>\n\n`, '<|eot_id|>'];
const ZEPHYR_LINE = ['\n'];

const SHAPES: readonly KnownShape[] = [
  {
    name: 'ChatML',
    programs: [
      `{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`,
      `{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`,
    ],
    template: { ...CHATML, end: '<|im_end|>' },
  },
  {
    // Qwen1.5, Qwen2, SmolLM: as ChatML, with a system message of the model's own where a conversation has none.
    name: 'ChatML with a system message of its own',
    programs: [
      `{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n${OWN}<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`,
    ],
    template: {
      ...CHATML,
      withoutSystem: ['<|im_start|>system\n', OWN, '<|im_end|>\n'],
      end: '<|im_end|>',
    },
  },
  {
    name: 'llama 3',
    programs: ['{% if add_generation_prompt %}', ''].map(
      (condition) =>
        `{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}${condition}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}${condition && '{% endif %}'}`,
    ),
    template: { ...turns(header('system'), header('user'), header('assistant')), end: '<|eot_id|>' },
  },
  {
    name: 'llama 2',
    programs: [
      `{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\n' + system_message + '\n<</SYS>>\n\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}`,
    ],
    template: {
      system: { before: [BOS, '[INST] <<SYS>>\n'], behind: ['\n<</SYS>>\n\n'] },
      user: { before: [BOS, '[INST] '], behind: [' [/INST]'] },
      assistant: { before: [' '], behind: [' ', EOS] },
      afterSystem: [],
    },
  },
  {
    name: 'Zephyr',
    programs: [
      `{% for message in messages %}{% if message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}{{ '<|system|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}{{ '<|assistant|>\n' + message['content'] + eos_token }}
{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>' }}
{% endif %}{% endfor %}`,
    ],
    template: {
      system: { before: ['<|system|>\n'], behind: [EOS, ...ZEPHYR_LINE] },
      user: { before: ['<|user|>\n'], behind: [EOS, ...ZEPHYR_LINE] },
      assistant: { before: ['<|assistant|>\n'], behind: [EOS, ...ZEPHYR_LINE] },
    },
  },
];

/** A text cut where names of special tokens stand in it. */
function withTokens(parts: TemplateParts, { ids, start, end }: SpecialNames): TemplateParts {
  const names = [...ids.keys()].filter((name) => name !== '').sort((a, b) => b.length - a.length);
  const cut = (text: string): (string | number)[] => {
    const name = names.find((one) => text.includes(one));
    if (name === undefined) return text === '' ? [] : [text];
    const at = text.indexOf(name);
    return [...cut(text.slice(0, at)), ids.get(name)!, ...cut(text.slice(at + name.length))];
  };
  return parts.flatMap((part) =>
    part === BOS ? [start] : part === EOS ? [end] : typeof part === 'string' ? cut(part) : [part],
  );
}

/** The names of shapes that are known, for messages. */
const known = SHAPES.map(({ name }) => name).join(', ');

/** The text that stands for {@link OWN} where a program is this one; empty where it has none, undefined where it is another. */
function ownText(program: string, text: string): string | undefined {
  const [before, behind] = even(program).split(OWN);
  if (behind === undefined) return before === text ? '' : undefined;
  const own = text.slice(before.length, text.length - behind.length);
  return own !== '' && !/['"{}\\]/.test(own) && text === before + own + behind ? own : undefined;
}

/** What a program in Jinja writes, as a template; or a sentence that refuses it. */
export function knownTemplate(program: string, special: SpecialNames): ChatTemplate | string {
  const text = even(program);
  const found = SHAPES.flatMap(({ programs, template }) =>
    programs.flatMap((one) => {
      const own = ownText(one, text);
      return own === undefined ? [] : [{ template, own }];
    }),
  )[0];
  if (!found) return `its chat template is none that is known here; known are ${known}`;
  const { template, own } = found;
  const around = ({ before, behind }: { before: TemplateParts; behind: TemplateParts }) => ({
    before: withTokens(before, special),
    behind: withTokens(behind, special),
  });
  const [ends] = template.end === undefined ? [] : withTokens([template.end], special);
  return {
    ...(template.system ? { system: around(template.system) } : {}),
    user: around(template.user),
    assistant: around(template.assistant),
    ...(template.afterSystem ? { afterSystem: withTokens(template.afterSystem, special) } : {}),
    ...(template.withoutSystem
      ? {
          withoutSystem: withTokens(
            template.withoutSystem.map((part) => (part === OWN ? own : part)),
            special,
          ),
        }
      : {}),
    ...(ends === undefined ? {} : { end: ends }),
  };
}

/** What a model has of the program that its file brings. */
export function templateOf(
  program: string | undefined,
  special: SpecialNames,
): Pick<Model, 'template' | 'templateRefused'> {
  if (program === undefined) return {};
  const template = knownTemplate(program, special);
  return typeof template === 'string' ? { templateRefused: template } : { template };
}
