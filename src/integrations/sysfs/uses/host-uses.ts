/** The host's uses of a network interface, from iproute2's JSON. */
import type { RunProgram } from '#runtime/run-program.ts';

interface Link {
  ifname: string;
  flags?: string[];
  /** The underlying interface, or the other end of a pair. */
  link?: string;
  master?: string;
  linkinfo?: { info_kind?: string; info_slave_kind?: string };
  addr_info?: { local: string; prefixlen: number; scope: string }[];
}

interface Route {
  dst: string;
  dev?: string;
  /** Absent: `main`. */
  table?: string;
  /** Of a route with several next hops, which itself has no `dev`. */
  nexthops?: { dev?: string }[];
}

/** Links and routes of a host: read once, to check many interfaces. */
export interface HostNetwork {
  links: readonly Link[];
  routes: readonly Route[];
}

/**
 * Throws an Error with the program's message. `withoutGuests`: omits macvtaps, through which guests
 * use interfaces of the host.
 */
export async function readNetwork(
  run: RunProgram,
  { withoutGuests = false }: { withoutGuests?: boolean } = {},
): Promise<HostNetwork> {
  const links = await listed<Link>(run, ['-details', 'address', 'show']);
  const routes = [
    ...(await listed<Route>(run, ['route', 'show', 'table', 'all'])),
    ...(await listed<Route>(run, ['-6', 'route', 'show', 'table', 'all'])),
  ];
  const isGuests = ({ linkinfo }: Link) => linkinfo?.info_kind === 'macvtap';
  return { links: withoutGuests ? links.filter((link) => !isGuests(link)) : links, routes };
}

/** Kinds of interface whose `link` is not the underlying interface but the other end of a pair. */
const paired = ['veth', 'netkit'];

/**
 * Each use of these interfaces, as plain text that names how to end it; empty when unused. What the
 * kernel gives every interface that is up (link-local addresses and their routes) does not count.
 * Example: `its interface enp1s0v2 is a port of bridge br9: ip link set …`.
 */
export function hostUses({ links, routes }: HostNetwork, ifnames: readonly string[]): string[] {
  return ifnames.flatMap((ifname) => [
    ...linkUses(links, ifname),
    ...addressUses(links, ifname),
    ...routeUses(routes, ifname),
  ]);
}

function linkUses(links: readonly Link[], ifname: string): string[] {
  const mine = links.find((link) => link.ifname === ifname);
  const uses: string[] = [];
  if (mine?.master !== undefined) {
    const kind = mine.linkinfo?.info_slave_kind ?? 'interface';
    const where = kind === 'openvswitch' ? 'Open vSwitch' : `${kind} ${mine.master}`;
    const fix =
      kind === 'openvswitch' ? `ovs-vsctl del-port ${ifname}` : `ip link set ${ifname} nomaster`;
    uses.push(`its interface ${ifname} is a port of ${where}: ${fix}`);
  }
  for (const { ifname: name, link, linkinfo } of links) {
    const kind = linkinfo?.info_kind ?? '';
    if (link !== ifname || kind === '' || paired.includes(kind)) continue;
    uses.push(`the ${kind} interface ${name} is on its interface ${ifname}: ip link del ${name}`);
  }
  return uses;
}

function addressUses(links: readonly Link[], ifname: string): string[] {
  const addresses = links.find((link) => link.ifname === ifname)?.addr_info ?? [];
  return addresses
    .filter(({ scope }) => scope !== 'link')
    .map(
      ({ local, prefixlen }) =>
        `its interface ${ifname} has the address ${local}/${prefixlen} of this host: ip addr del ${local}/${prefixlen} dev ${ifname}`,
    );
}

/** The table `local` only repeats the addresses. */
function routeUses(routes: readonly Route[], ifname: string): string[] {
  const mine = routes.filter(
    ({ dev, nexthops = [], table, dst }) =>
      table !== 'local' &&
      !/^(fe80::|ff)/.test(dst) &&
      [dev, ...nexthops.map((hop) => hop.dev)].includes(ifname),
  );
  return mine.map(({ dst, table }) => {
    const where = table === undefined || table === 'main' ? '' : ` (table ${table})`;
    return `the route ${dst}${where} of this host goes through its interface ${ifname}`;
  });
}

/** A kernel without IPv6 lists nothing. */
async function listed<Row>(run: RunProgram, args: readonly string[]): Promise<Row[]> {
  const text = await run(['ip', '-json', ...args]);
  return text.trim() === '' ? [] : (JSON.parse(text) as Row[]);
}
