/**
 * The text, cut to this many characters where it is longer: the last one is `…` then. A character
 * of two code units is not split. Example: `('abcdef', 4)` → `abc…`.
 */
export function shortenedText(text: string, most: number): string {
  if (text.length <= most) return text;
  const isSplit = /[\uD800-\uDBFF]$/.test(text.slice(0, most - 1));
  return `${text.slice(0, isSplit ? most - 2 : most - 1)}…`;
}
