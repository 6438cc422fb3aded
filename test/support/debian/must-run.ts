/** External programs that test environments are built with. */
import { run } from '../processes/command.ts';

/**
 * Runs a program to its end and returns its output. Throws with the program's message when it
 * fails.
 */
export async function mustRun(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, env);
  if (code === 0) return stdout;
  const messages = `${stdout}${stderr}`.split('\n').slice(-30).join('\n');
  throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${messages}`);
}
