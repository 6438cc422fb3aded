/** Defaults taken from the machine on which a configuration is read. */
import { hostname, networkInterfaces } from 'node:os';

/** `ip`: its first IPv4 address reachable by others; 127.0.0.1 when it has none. */
export interface Machine {
  name: string;
  ip: string;
}

export function thisMachine(): Machine {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outward = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return {
    name: hostname(),
    ip: outward?.address ?? '127.0.0.1',
  };
}
