/** The network interfaces of a host from `ip -json -details link show`. */
import type { RunCommand } from '#contracts/host/run-command.ts';

export interface Link {
  ifname: string;
  ifindex: number;
  /** The interface that this one is on. */
  link: string | null;
  master: string | null;
  /** Example: `bridge`, `vlan`; null for hardware. */
  kind: string | null;
  vlan: number | null;
  /** A note on the interface; ours have `madeByUs`. */
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

/** The alias of every interface that Novella has made: nothing else is ever taken away. */
export const madeByUs = 'novella';

/** All of them. Throws an Error with the host's words. */
export async function listLinks(run: RunCommand): Promise<Link[]> {
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

/** Addresses of an interface beside those that the kernel gives every one. */
export async function addressesOf(run: RunCommand, ifname: string): Promise<string[]> {
  const wire = JSON.parse(await run(['ip', '-json', 'address', 'show', 'dev', ifname])) as {
    addr_info?: { local: string; prefixlen: number; scope: string }[];
  }[];
  return wire
    .flatMap(({ addr_info: addresses = [] }) => addresses)
    .filter(({ scope }) => scope !== 'link')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}
