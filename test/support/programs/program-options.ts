/** Options of our programs for developers: an error and `--help` print the usage, no stack trace. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Values<Options extends ParseArgsConfig> = ReturnType<typeof parseArgs<Options>>;

/**
 * As `parseArgs`. `--help` prints `usage` and ends the process with 0; an option that does not
 * exist, or has no value, prints both and ends it with 2. Example of a usage: `npm run fuzz --
 * [--seconds N]`.
 */
export function programOptions<const Options extends ParseArgsConfig>(
  usage: string,
  options: Options,
): Values<Options> {
  const { args = process.argv.slice(2) } = options;
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`usage: ${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(options);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    // Node adds how to pass it as a positional argument.
    return refuseOptions(usage, message.replace(/\. To specify a positional .*/s, ''));
  }
}

/** Prints what is wrong with the arguments, and the usage; ends the process with 2. */
export function refuseOptions(usage: string, problem: string): never {
  process.stderr.write(`${problem}\nusage: ${usage}\n`);
  process.exit(2);
}

/** A whole number above 0; anything else is refused. */
export function countOption(usage: string, { name, value }: { name: string; value: string }) {
  const count = Number(value);
  if (Number.isSafeInteger(count) && count > 0) return count;
  return refuseOptions(usage, `--${name}: must be a whole number above 0, not '${value}'`);
}
