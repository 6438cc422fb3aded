/**
 * Text that means true or false. Source: oslo's `bool_from_string`, which Keystone and Neutron use.
 */
const booleans: Record<string, boolean> = {
  ...Object.fromEntries(['1', 't', 'true', 'on', 'y', 'yes'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'false', 'off', 'n', 'no'].map((word) => [word, false])),
};

/** Example: 'True' → true; 'off' → false; 'maybe' → undefined. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return Object.hasOwn(booleans, word) ? booleans[word] : undefined;
}
