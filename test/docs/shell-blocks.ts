/** The fenced shell blocks of a Markdown file, with their tags. */

export interface ShellBlock {
  file: string;
  line: number;
  /** What follows `sh` on the fence. Example: `['run']`. */
  tags: string[];
  text: string;
}

const shells = new Set(['sh', 'bash', 'shell', 'console']);

/** Every shell block, in order. Example: a fence "```sh run" → tags `['run']`. */
export function shellBlocks(file: string, markdown: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let open: { language: string; block: ShellBlock; lines: string[] } | undefined;
  for (const [at, line] of markdown.split('\n').entries()) {
    if (!line.startsWith('```')) {
      open?.lines.push(line);
    } else if (open === undefined) {
      const [language = '', ...tags] = line.slice(3).trim().split(/\s+/);
      open = { language, block: { file, line: at + 1, tags, text: '' }, lines: [] };
    } else {
      if (shells.has(open.language)) blocks.push({ ...open.block, text: open.lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}
