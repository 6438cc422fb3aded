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

/** libvirt prints its XML without comments, and none of these elements nests. */
export function hardwareOf(running: string): RunningHardware {
  const first = (pattern: RegExp): string | undefined => pattern.exec(running)?.[1];
  const cpu = /<cpu [^>]*(\/>|>[\s\S]*?<\/cpu>)/.exec(running)?.[0];
  return {
    machine: first(/<type [^>]*machine='([^']+)'/) ?? '',
    virtType: first(/<domain [^>]*type='([^']+)'/) ?? '',
    cpu: cpu !== undefined && /^<cpu [^>]*mode='custom'/.test(cpu) ? cpu : null,
    hasDisk: /<disk [^>]*device='disk'/.test(running),
  };
}
