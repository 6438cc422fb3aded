/**
 * Texts that mean true or false in operators' configuration. Source: oslo
 * `strutils.bool_from_string`.
 */

const booleans = new Map([
  ...['1', 't', 'true', 'on', 'y', 'yes'].map((text) => [text, true] as const),
  ...['0', 'f', 'false', 'off', 'n', 'no'].map((text) => [text, false] as const),
]);

/** Example: `Yes` → true; `off` → false; `maybe` → undefined. */
export function parseBooleanText(text: string): boolean | undefined {
  return booleans.get(text) ?? booleans.get(text.trim().toLowerCase());
}

/** Does this text, if any, mean true? Unclear texts do not. */
export function isTrue(text: string | null | undefined): boolean {
  return parseBooleanText(text ?? '') === true;
}
