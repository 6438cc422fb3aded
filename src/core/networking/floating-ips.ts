/** Floating IPs beside the addresses of the ports that they lead to. */
import type { FloatingIp, Port } from './port.ts';

/**
 * The ports, each address with its floating IPs in order. Example: port address 10.0.0.5, floating
 * IP 198.51.100.7 of it → `{ ipAddress: '10.0.0.5', floatingIps: ['198.51.100.7'] }`. An address
 * without one is unchanged.
 */
export function withFloatingIps(ports: readonly Port[], floating: readonly FloatingIp[]): Port[] {
  if (floating.length === 0) return [...ports];
  const byAddress = new Map<string, string[]>();
  for (const { portId, fixedIp, address } of floating) {
    const key = `${portId} ${fixedIp}`;
    byAddress.set(key, [...(byAddress.get(key) ?? []), address].toSorted());
  }
  return ports.map((port) => ({
    ...port,
    fixedIps: port.fixedIps.map((fixedIp) => {
      const floatingIps = byAddress.get(`${port.id} ${fixedIp.ipAddress}`);
      return floatingIps === undefined ? fixedIp : { ...fixedIp, floatingIps };
    }),
  }));
}
