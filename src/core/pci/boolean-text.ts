/** Words that mean true or false in operators' configuration. Source: oslo `strutils.bool_from_string`. */

const yes = new Set(['1', 't', 'true', 'on', 'y', 'yes']);
const no = new Set(['0', 'f', 'false', 'off', 'n', 'no']);

/** Example: `Yes` → true; `off` → false; `maybe` → undefined. */
export function parseBooleanText(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (yes.has(word)) return true;
  return no.has(word) ? false : undefined;
}

/** Does this text, when there is one, mean true? Anything unclear does not. */
export function isTrue(text: string | null | undefined): boolean {
  return parseBooleanText(text ?? '') === true;
}
