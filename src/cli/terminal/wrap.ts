/** Prose for a terminal: lines of at most 80 columns, each with the same indent. */

const columns = 80;

/** Breaks at blanks only; a longer string stands alone. Later lines are indented two further. */
export function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    const isEmpty = line.trim() === '';
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = `${indent}  ${word}`;
    } else {
      line = isEmpty ? `${line}${word}` : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
