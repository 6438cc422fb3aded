/** oslo.config's text form: sections, options, continuation lines. Independent of option names. */
import { ComputeError } from '#core/errors.ts';
import { quoted } from '#core/quoted-text.ts';

/** One assignment. A repeated key gives one for each; `line` is that of its key, from 1. */
export interface IniOption {
  /** As written, without brackets. Example: `DEFAULT`. */
  section: string;
  key: string;
  /**
   * Continuation lines are joined with line feeds; one pair of quotes around the first line is
   * removed.
   */
  value: string;
  file: string;
  line: number;
}

/**
 * Every assignment in file order. `file` names it in messages. Example: `[pci]\nalias = {"name":
 * "a",\n "vendor_id": "8086"}` → one option. A line that begins with a blank continues the value
 * above it; an empty line or a comment ends that value; `#` and `;` begin a comment only at the
 * start of a line. Throws `invalid`: `nova.conf:41: "x": must be KEY = VALUE`. Source: oslo.config,
 * "Parsing files".
 */
export function parseIni(text: string, file: string): IniOption[] {
  const options: IniOption[] = [];
  let section: string | undefined;
  let open: IniOption | undefined;
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trimEnd();
    const refuse = (rule: string) =>
      new ComputeError('invalid', `${file}:${at + 1}: ${quoted(line)}: ${rule}`);
    if (/^[ \t]/.test(line)) {
      if (open === undefined) throw refuse('begins with a blank, but there is nothing to continue');
      open.value += `\n${line.trimStart()}`;
      continue;
    }
    open = undefined;
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    if (line.startsWith('[')) {
      section = sectionName(line, refuse);
      continue;
    }
    if (section === undefined) throw refuse('stands before the first [section]');
    open = { section, ...assignment(line, refuse), file, line: at + 1 };
    options.push(open);
  }
  return options;
}

type Refuse = (rule: string) => ComputeError;

function sectionName(line: string, refuse: Refuse): string {
  if (!line.endsWith(']')) throw refuse('a section must end with ]');
  const name = line.slice(1, -1);
  if (name === '') throw refuse('a section must have a name');
  return name;
}

/** The first `=` or `:` separates key and value. */
function assignment(line: string, refuse: Refuse): { key: string; value: string } {
  const at = line.search(/[=:]/);
  if (at < 0) throw refuse('must be KEY = VALUE');
  const key = line.slice(0, at).trim();
  if (key === '') throw refuse('must have a key before its value');
  return { key, value: withoutQuotes(line.slice(at + 1).trim()) };
}

function withoutQuotes(value: string): string {
  const isQuoted = /^["']/.test(value) && value[0] === value.at(-1);
  return isQuoted ? value.slice(1, -1) : value;
}
