/** MAC addresses of ports. */
import { randomUUID } from 'node:crypto';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import { invalidInput, NetworkError } from '../requests/errors.ts';

/** Neutron's default `base_mac`. */
const prefix = 'fa:16:3e';

/** One that no port of the network has. Example: `fa:16:3e:a0:0f:0c`. */
export async function freeMac(rows: NetworkRows, networkId: string): Promise<string> {
  for (;;) {
    // Its first digits are random; Node takes randomness for many of them at once.
    const tail = randomUUID().slice(0, 6).match(/../g) ?? [];
    const mac = [prefix, ...tail].join(':');
    if (!(await rows.isMacTaken(networkId, mac))) return mac;
  }
}

/**
 * The requested MAC, in lower case. Throws when it is not one, or another port of the network has
 * it.
 */
export async function checkMac(
  rows: NetworkRows,
  networkId: string,
  requested: string,
): Promise<string> {
  const mac = requested.toLowerCase();
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) {
    throw invalidInput(
      `port.mac_address: '${requested}' is not a MAC address, such as fa:16:3e:00:00:01`,
    );
  }
  if (await rows.isMacTaken(networkId, mac)) {
    throw new NetworkError(
      'conflict',
      'MacAddressInUse',
      `Unable to complete operation for network ${networkId}. The mac address ${mac} is in use.`,
    );
  }
  return mac;
}
