/** Reads a log of a PF's VFs, written when their settings changed. */

export interface VfSample {
  /** Milliseconds since 1970, by the clock of the host. */
  at: number;
  vfs: { vf: number; mac: string; vlan: number }[];
}

/**
 * A sample is a line `@ 1796037779.861` and a line for each VF, as ip-link(8) shows them: `vf 0
 * link/ether 8a:… brd ff:…, vlan 42, spoof checking on, …`.
 */
export function parseVfLog(log: string): VfSample[] {
  return log
    .split(/^@ /m)
    .slice(1)
    .map((text) => ({
      at: Number.parseFloat(text) * 1_000,
      vfs: [...text.matchAll(/vf (\d+) +link\/ether (\S+) brd (.*)/g)].map(
        ([, vf, mac = '', rest = '']) => ({
          ...{ vf: Number(vf), mac },
          vlan: Number(/, vlan (\d+)/.exec(rest)?.[1] ?? 0),
        }),
      ),
    }));
}

/**
 * When a VF began and ceased to have this MAC and VLAN, in seconds since `start`. Example: `'VF 2
 * from +1.4 s'`, `'VF 0 until +15.4 s'`, `'none'`.
 */
export function whenHeld(
  samples: VfSample[],
  { mac, vlan }: { mac: string; vlan: number },
  start: number,
): string {
  const seen: string[] = [];
  let held: number | undefined;
  for (const [at, sample] of samples.entries()) {
    const now = sample.vfs.find((each) => each.mac === mac && each.vlan === vlan)?.vf;
    const since = ((sample.at - start) / 1_000).toFixed(1);
    if (held !== undefined && now !== held) seen.push(`VF ${held} until +${since} s`);
    if (now !== undefined && now !== held && at > 0) seen.push(`VF ${now} from +${since} s`);
    held = now;
  }
  if (seen.length > 0) return seen.join(', ');
  return held === undefined ? 'none' : `VF ${held} all the time`;
}
