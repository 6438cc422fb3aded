/** What another host must have to run a guest, from the XML of the running guest. */

export interface RunningHardware {
  /** Example: `pc-q35-7.2`. */
  machine: string;
  virtType: string;
  /** Its `<cpu>` element; null: nothing to compare, as for one that has all that its host has. */
  cpu: string | null;
  /** It has a disk that it writes to. */
  hasDisk: boolean;
}

/**
 * libvirt prints its XML without comments, and none of these elements nests. Another host may write
 * anything: the time is in proportion to the length of any text.
 */
export function hardwareOf(running: string): RunningHardware {
  const tag = (name: string): string | undefined =>
    new RegExp(`<${name} [^<>]*>`).exec(running)?.[0];
  return {
    machine: / machine='([^']+)'/.exec(tag('type') ?? '')?.[1] ?? '',
    virtType: / type='([^']+)'/.exec(tag('domain') ?? '')?.[1] ?? '',
    cpu: cpuOf(running, tag('cpu')),
    hasDisk: / device='disk'/.test((running.match(/<disk [^<>]*>/g) ?? []).join('')),
  };
}

function cpuOf(running: string, tag = ''): string | null {
  if (!tag.includes(" mode='custom'")) return null;
  if (tag.endsWith('/>')) return tag;
  const end = '</cpu>';
  const from = running.indexOf(tag);
  const to = running.indexOf(end, from);
  return to < 0 ? null : running.slice(from, to + end.length);
}
