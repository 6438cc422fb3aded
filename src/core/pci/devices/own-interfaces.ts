/**
 * Which of the network interfaces below a PCI function are its own. A PF in switchdev mode also has
 * one for each VF and sub-function.
 */

/** An interface as in sysfs. */
export interface ShownInterface {
  name: string;
  /** `phys_port_name`; null: the driver does not give one. */
  portName: string | null;
  /** `dev_port`, which counts the ports behind one function; null: not shown. */
  devPort: number | null;
}

/** An uplink, also a split one: `p0`, `p0s1`. */
const uplink = /^p\d+(s\d+)?$/;
/**
 * PF, VF and sub-function of this or another controller: `pf0`, `c1pf0`, `pf0vf3`, `pf0sf88`; with
 * the port before it on Solarflare's: `p0pf0vf3`.
 */
const otherEnd = /^(c\d+)?(p\d+)?pf\d+/;
/** Older mlx5 drivers number their representors: `0`, `15`. */
const bareNumber = /^\d+$/;

/**
 * The function's own interfaces, the one of its first port first; none when all represent something
 * else. An uplink's port name takes precedence over no port name, and that over any other. Example:
 * `en3f0pf0sf88` (pf0sf88), `eth1` (pf0vf0), `p0` (p0) → `p0`; `enp65s0`, `enp65s0d1` without port
 * names → both. Source: Linux `Documentation/networking/switchdev.rst`, "Port Netdev Naming";
 * devlink port flavours.
 */
export function ownInterfaces<Shown extends ShownInterface>(interfaces: readonly Shown[]): Shown[] {
  const candidates = interfaces.filter(({ portName }) => !otherEnd.test(portName ?? ''));
  const best = Math.min(...candidates.map(rank));
  return candidates.filter((each) => rank(each) === best).sort(byPort);
}

function rank({ portName }: ShownInterface): number {
  if (portName === null || portName === '') return 1;
  if (uplink.test(portName)) return 0;
  return bareNumber.test(portName) ? 3 : 2;
}

function byPort(one: ShownInterface, other: ShownInterface): number {
  return (
    (one.devPort ?? 0) - (other.devPort ?? 0) ||
    compare(one.portName ?? '', other.portName ?? '') ||
    compare(one.name, other.name)
  );
}

/** Numbers by their value: p2 before p10. */
function compare(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
