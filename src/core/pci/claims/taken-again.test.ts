/**
 * Devices that are returned to their pools and claimed again. The reason:
 * docs/decisions/0025-the-lowest-address-is-taken-first.md.
 */
import { aCard, aRequest } from '#test/hosts/pci-cards.ts';
import { expect, test } from 'vitest';
import { freeDevices } from './claim.ts';
import type { PciDevice } from '../devices/device.ts';
import { poolsOf } from '../pools/pool.ts';
import { takeDevices } from './take-devices.ts';

/** The rows of a host through claims and releases. */
class Host {
  devices: PciDevice[];

  constructor(devices: PciDevice[]) {
    this.devices = devices;
  }

  /** The address that the server gets; undefined when there is none. */
  take(serverId: string, type?: 'type-PF'): string | undefined {
    const [plain] = aRequest('r').spec;
    const spec = [{ ...plain, ...(type !== undefined && { dev_type: type }) }];
    const taken = takeDevices(
      { devices: this.devices, requests: [{ ...aRequest('r'), spec }] },
      serverId,
    );
    if (!taken.ok) return undefined;
    this.#keep(taken.changed);
    return this.devices.find((device) => device.serverId === serverId)?.address;
  }

  release(serverId: string): void {
    this.#keep(freeDevices(this.devices, serverId));
  }

  /** Free devices by pool: `type-VF 2`. */
  get free(): string[] {
    return poolsOf(this.devices).map(({ deviceType, count }) => `${deviceType} ${count}`);
  }

  #keep(changed: readonly PciDevice[]): void {
    const rows = new Map(changed.map((device) => [device.address, device]));
    this.devices = this.devices.map((device) => rows.get(device.address) ?? device);
  }
}

test('the lowest address is taken first, whichever was released last', () => {
  const host = new Host(aCard({ vfs: 3 }));
  const [first, second, third] = ['s1', 's2', 's3'].map((server) => host.take(server));
  expect([first, second, third]).toEqual(['0000:3b:00.1', '0000:3b:00.2', '0000:3b:00.3']);
  host.release('s1');
  host.release('s3');
  host.release('s2');
  expect(['s4', 's5', 's6', 's7'].map((server) => host.take(server))).toEqual([
    first,
    second,
    third,
    undefined,
  ]);
});

test('a released VF is in its pool at once, its PF once the last VF of the card is released', () => {
  const host = new Host(aCard({ vfs: 2 }));
  expect(host.free).toEqual(['type-PF 1', 'type-VF 2']);
  host.take('s1');
  host.take('s2');
  expect(host.free).toEqual(['type-PF 0', 'type-VF 0']);
  host.release('s1');
  expect(host.free).toEqual(['type-PF 0', 'type-VF 1']);
  expect(host.take('s3', 'type-PF')).toBeUndefined();
  host.release('s2');
  expect(host.free).toEqual(['type-PF 1', 'type-VF 2']);
  expect(host.take('s3', 'type-PF')).toBe('0000:3b:00.0');
  expect(host.free).toEqual(['type-PF 0', 'type-VF 0']);
  host.release('s3');
  expect(host.free).toEqual(['type-PF 1', 'type-VF 2']);
});

test('a card whose devices all returned ranks equal to an untouched one', () => {
  const host = new Host([...aCard({ vfs: 1 }), ...aCard({ bus: 'd8', vfs: 1 })]);
  expect([host.take('s1'), host.take('s2')]).toEqual(['0000:3b:00.1', '0000:d8:00.1']);
  host.release('s2');
  host.release('s1');
  expect(host.take('s3')).toBe('0000:3b:00.1');
});
