/** A grammar from the text of a file, whichever way it is written. */
import { FailureError } from '../errors.ts';
import { choice, type Grammar, literal } from './expression.ts';
import { parseGbnf } from './gbnf.ts';
import { parseJsonSchema } from './json-schema.ts';

/**
 * A list of texts in JSON is a list of answers, any other JSON a JSON Schema, and everything else GBNF.
 * @throws FailureError with the place of what is wrong
 */
export function parseGrammar(text: string, name = 'grammar'): Grammar {
  if (!/^\s*(?:[[{]|true\s*$)/.test(text)) return parseGbnf(text, name);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FailureError(`${name}: begins like JSON, and is none (${(error as Error).message})`);
  }
  if (!Array.isArray(json)) return parseJsonSchema(json, name);
  const answers = json.filter((one): one is string => typeof one === 'string' && one !== '');
  if (answers.length !== json.length || json.length === 0) {
    throw new FailureError(`${name}: a list of answers holds texts, at least one, none of them empty`);
  }
  return { start: choice(...answers.map(literal)), rules: new Map() };
}
