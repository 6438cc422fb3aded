/**
 * Texts that mean true or false in operators' configuration. Source: oslo
 * `strutils.bool_from_string`.
 */

const words = new Map([
  ...['1', 't', 'true', 'on', 'y', 'yes'].map((word) => [word, true] as const),
  ...['0', 'f', 'false', 'off', 'n', 'no'].map((word) => [word, false] as const),
]);

/** Example: `Yes` → true; `off` → false; `maybe` → undefined. */
export function parseBooleanText(text: string): boolean | undefined {
  return words.get(text) ?? words.get(text.trim().toLowerCase());
}

/** Does this text, if any, mean true? Unclear texts do not. */
export function isTrue(text: string | null | undefined): boolean {
  return parseBooleanText(text ?? '') === true;
}
