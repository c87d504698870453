import { describe, expect, it } from 'vitest';
import { knownTemplate } from './chat-shapes.ts';
import {
  type ChatTemplate,
  chatTemplateFrom,
  checkTurns,
  renderTurns,
  TEMPLATES,
  type Turn,
} from './chat-template.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { writeOwn } from './checkpoint-own.ts';
import { pruneVocabulary } from './prune-vocabulary.ts';
import { loadTinyStories } from './testing.ts';

const names = [
  '<s>',
  '</s>',
  '<|im_start|>',
  '<|im_end|>',
  '<|start_header_id|>',
  '<|end_header_id|>',
  '<|eot_id|>',
];
const special = { ids: new Map(names.map((name, id) => [name, id])), start: 0, end: 1 };

const TALK: Turn[] = [
  { role: 'system', content: 'Be kind.' },
  { role: 'user', content: ' Hi ' },
  { role: 'assistant', content: 'Hello' },
  { role: 'user', content: 'Bye' },
];

/** What a template writes, with the names of special tokens. */
const written = (template: ChatTemplate | string, turns: readonly Turn[]): string => {
  if (typeof template === 'string') return template;
  const parts = renderTurns(template, turns).flat();
  return parts.map((part) => (typeof part === 'number' ? names[part] : part)).join('');
};

const CHATML =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const ZEPHYR = `{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}`;
const LLAMA3 =
  "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}";
const LLAMA2 =
  "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";

describe("others' templates", () => {
  it.each([
    [
      'ChatML',
      CHATML,
      '<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n',
    ],
    [
      'llama 3',
      LLAMA3,
      '<|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    ],
    [
      'llama 2, the space before an answer coming with it',
      LLAMA2,
      '<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Bye [/INST]',
    ],
    [
      'Zephyr, as TinyLlama has it',
      ZEPHYR,
      '<|system|>\nBe kind.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello</s>\n<|user|>\nBye</s>\n<|assistant|>\n',
    ],
  ])('are read where they are known: %s', (_, program, text) => {
    expect(written(knownTemplate(program, special), TALK)).toBe(text);
  });

  it('may differ in quotes and in white space that writes nothing, and in nothing else', () => {
    const spaced = CHATML.replaceAll("'", '"')
      .replaceAll('{%', '{%- ')
      .replaceAll('message["role"]', 'message.role');
    expect(written(knownTemplate(spaced, special), TALK)).toBe(written(knownTemplate(CHATML, special), TALK));
    const refusal =
      /^its chat template is none that is known here; known are ChatML, ChatML with a system message of its own, llama 3, llama 2, Zephyr$/;
    for (const other of [CHATML.replace('{% endfor %}', '\n{% endfor %} '), `${CHATML}!`, '{{ tools }}', ''])
      expect(knownTemplate(other, special)).toMatch(refusal);
    expect(knownTemplate(CHATML, special)).toMatchObject({ end: 3 });
    const asText = knownTemplate(CHATML, { ...special, ids: new Map() });
    expect(asText).toMatchObject({ end: '<|im_end|>', user: { before: ['<|im_start|>user\n'] } });
  });
});

describe('ChatML with a system message of its own', () => {
  // Qwen2's, word for word.
  const qwen2 =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

  it('stands before a conversation that has none', () => {
    const template = knownTemplate(qwen2, special);
    const rest = '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n';
    expect(written(template, TALK.slice(1, 2))).toBe(
      `<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n${rest}`,
    );
    expect(written(template, TALK.slice(0, 2))).toBe(`<|im_start|>system\nBe kind.<|im_end|>\n${rest}`);
    expect(written(template, TALK)).toBe(written(knownTemplate(CHATML, special), TALK));
    expect(chatTemplateFrom(template, 512)).toEqual(template);
    expect(template).toMatchObject({
      withoutSystem: [2, 'system\n', 'You are a helpful assistant.', 3, '\n'],
      end: 3,
    });
  });

  it('may be any text, and no program', () => {
    const other = knownTemplate(qwen2.replace('You are a helpful assistant.', 'Be brief'), special);
    expect(written(other, TALK.slice(1, 2))).toContain('system\nBe brief<|im_end|>');
    for (const own of ['', "' + name + '", '{{ name }}'])
      expect(knownTemplate(qwen2.replace('You are a helpful assistant.', own), special)).toMatch(
        /^its chat template is none/,
      );
  });
});

describe('a template', () => {
  it('writes the same for turns that others follow: what opens an answer is apart from it', () => {
    const { plain } = TEMPLATES;
    const before = renderTurns(plain, TALK.slice(0, 2));
    const after = renderTurns(plain, TALK);
    expect(after.flat().slice(0, before.flat().length)).toEqual(before.flat());
    expect(written(plain, TALK)).toBe('Be kind.\nUser: Hi\nAssistant: Hello\nUser: Bye\nAssistant:');
  });

  it.each([
    [3, 'is no JSON object'],
    [{}, 'has no lists of texts and tokens as before and behind of user'],
    [{ ...TEMPLATES.plain, tools: [] }, 'says tools, which is none of'],
    [
      { ...TEMPLATES.plain, end: 'x'.repeat(33) },
      'has an end that is neither a token nor a text of at most 32 bytes',
    ],
    [{ ...TEMPLATES.plain, end: 600 }, 'has an end that is neither'],
    [{ ...TEMPLATES.plain, afterSystem: 'x' }, 'has an afterSystem that is no list'],
    [{ ...TEMPLATES.plain, withoutSystem: [1.5] }, 'has a withoutSystem that is no list'],
    [{ user: { before: [], behind: [] }, assistant: { before: [], behind: [] } }, 'puts nothing between'],
  ])('is refused in a sentence: %j', (value, message) => {
    expect(chatTemplateFrom(value, 512)).toContain(message);
  });

  it('takes conversations that end with a question', () => {
    const { system: _, ...withoutSystem } = TEMPLATES.plain;
    expect(checkTurns(TEMPLATES.plain, TALK)).toBeUndefined();
    expect(checkTurns(TEMPLATES.plain, TALK.slice(0, 3))).toBe("the last message must be the user's");
    expect(checkTurns(withoutSystem, TALK)).toMatch(/knows no system message/);
    expect(checkTurns(TEMPLATES.plain, [TALK[1], ...TALK])).toBe('a system message may only be the first');
    expect(checkTurns(TEMPLATES.plain, [])).toBe("the last message must be the user's");
  });

  it('stays with its model: in our checkpoint, and in one of fewer pieces', () => {
    const { model, tokenizer } = loadTinyStories();
    const template: ChatTemplate = {
      user: { before: [300, 'Q '], behind: [2] },
      assistant: { before: [301], behind: [] },
      end: 300,
    };
    const read = loadCheckpoint(writeOwn({ ...model, template }, tokenizer));
    expect(read.template).toEqual(template);
    const { kept, model: pruned } = pruneVocabulary(read, tokenizer, ['a']);
    expect(pruned.template).toMatchObject({
      user: { before: [kept.indexOf(300), 'Q '] },
      end: kept.indexOf(300),
    });
    expect(() =>
      loadCheckpoint(writeOwn({ ...model, template: { ...template, end: 65000 } }, tokenizer)),
    ).toThrow(/its template has an end/);
  });
});
