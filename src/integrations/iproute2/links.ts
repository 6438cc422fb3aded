/** The network interfaces of a host from `ip -json -details link show`. */
import type { RunProgram } from '#runtime/run-program.ts';

export interface Link {
  ifname: string;
  ifindex: number;
  /** The underlying interface. */
  link: string | null;
  master: string | null;
  /** Example: `bridge`, `vlan`; null for hardware. */
  kind: string | null;
  vlan: number | null;
  /** A note on the interface; `madeByUs` on those created by Novella. */
  alias: string | null;
  isUp: boolean;
}

interface WireLink {
  ifname: string;
  ifindex: number;
  flags: string[];
  link?: string;
  master?: string;
  ifalias?: string;
  linkinfo?: { info_kind?: string; info_data?: { id?: number } };
}

/** The alias of every interface created by Novella: only these are ever removed. */
export const madeByUs = 'novella';

/** All links. Throws an Error with the host's message. */
export async function listLinks(run: RunProgram): Promise<Link[]> {
  const wire = JSON.parse(await run(['ip', '-json', '-details', 'link', 'show'])) as WireLink[];
  return wire.map(({ ifname, ifindex, flags, link, master, ifalias, linkinfo }) => ({
    ifname,
    ifindex,
    link: link ?? null,
    master: master ?? null,
    kind: linkinfo?.info_kind ?? null,
    vlan: linkinfo?.info_kind === 'vlan' ? (linkinfo.info_data?.id ?? null) : null,
    alias: ifalias ?? null,
    isUp: flags.includes('UP'),
  }));
}

/** Addresses of an interface except those that the kernel gives every interface. */
export async function addressesOf(run: RunProgram, ifname: string): Promise<string[]> {
  const wire = JSON.parse(await run(['ip', '-json', 'address', 'show', 'dev', ifname])) as {
    addr_info?: { local: string; prefixlen: number; scope: string }[];
  }[];
  return wire
    .flatMap(({ addr_info: addresses = [] }) => addresses)
    .filter(({ scope }) => scope !== 'link')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

/** The MACs, besides its own, whose frames an interface passes up; lower case. */
export async function listOwnMacs(run: RunProgram, ifname: string): Promise<string[]> {
  const wire = JSON.parse(await run(['bridge', '-json', 'fdb', 'show', 'dev', ifname])) as {
    mac: string;
    flags: string[];
  }[];
  return wire.filter(({ flags }) => flags.includes('self')).map(({ mac }) => mac.toLowerCase());
}
