/** Programs of the host, as an integration runs them. */

/**
 * Returns what the program prints. Throws an Error with the program's error output when it fails.
 * Example: `run(['ip', '-json', 'link'])`.
 */
export type RunCommand = (command: readonly string[]) => Promise<string>;
