/** A device spec as the operator would write it: the inverse of `parse-device-specs.ts`. */
import { isAnyAddress } from '../devices/address-pattern.ts';
import type { DeviceSpec } from './device-spec.ts';

/**
 * An entry of the option. Example: `{ devname: 'enp1s0', physical_network: 'physnet1' }`. A key
 * that matches everything is left out.
 */
export function printDeviceSpec(
  spec: Pick<DeviceSpec, 'vendorId' | 'productId' | 'address' | 'devname' | 'tags'>,
): Record<string, unknown> {
  const { vendorId, productId, address, devname, tags } = spec;
  return {
    ...(vendorId !== '*' && { vendor_id: vendorId }),
    ...(productId !== '*' && { product_id: productId }),
    ...(!isAnyAddress(address) && { address: address.written }),
    ...(devname !== null && { devname }),
    ...tags,
  };
}
