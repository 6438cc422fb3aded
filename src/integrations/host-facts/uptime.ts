/** The machine's uptime, as printed by its program `uptime`. */
import type { Uptime } from '#contracts/host/host-link.ts';
import type { RunProgram } from '#runtime/run-program.ts';

const longest = 256;

/**
 * undefined where the program is missing or prints something else. Source: Nova's libvirt driver
 * returns the same program's line.
 */
export async function readUptime(run: RunProgram): Promise<Uptime | undefined> {
  const [line = ''] = (await run(['uptime']).catch(() => '')).split('\n', 1);
  return / up .*load average/.test(line) && line.length <= longest ? line.trimEnd() : undefined;
}
