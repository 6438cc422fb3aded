/** Suite for host taps. */
import type { HostTap } from '#core/guests/description/host-tap.ts';
import { afterEach, describe, expect, test } from 'vitest';
import type { HostTaps } from './host-taps.ts';

export interface TapsUnderTest {
  taps: HostTaps;
  /** The existing taps. */
  names: () => Promise<string[]>;
  /** The ports of the Open vSwitch bridge br-int. */
  ports: () => Promise<string[]>;
  stop: () => Promise<void>;
}

const plain: HostTap = {
  devName: 'tap6d0f5f54-11',
  macAddress: 'fa:16:3e:5b:10:01',
  mtu: 1450,
  isMultiQueue: false,
  ovs: null,
};
const ovs = { bridge: 'br-int', interfaceId: '6d0f5f54-1105-4f0a-9d3c-1a2b3c4d5e6f' };
const ofSwitch: HostTap = { ...plain, devName: 'tap7e0f5f54-11', ovs };

/** `make` returns a host with no tap, and br-int with no port. */
export function describeHostTaps(name: string, make: () => Promise<TapsUnderTest>): void {
  describe(`host taps contract: ${name}`, () => {
    let host: TapsUnderTest | undefined;
    const begin = async () => (host = await make());
    afterEach(async () => {
      await host?.stop();
      host = undefined;
    });

    test('a tap exists from its creation to its removal; repeating either is no error', async () => {
      const { taps, names, ports } = await begin();
      await taps.ensureTap(plain, 'guest-1');
      await taps.ensureTap(plain, 'guest-1');
      expect(await names()).toEqual([plain.devName]);
      expect(await ports()).toEqual([]);
      await taps.removeTap(plain);
      await taps.removeTap(plain);
      expect(await names()).toEqual([]);
    });

    test('a tap of Open vSwitch is a port of its bridge as long as it exists', async () => {
      const { taps, names, ports } = await begin();
      await taps.ensureTap({ ...ofSwitch, isMultiQueue: true }, 'guest-1');
      await taps.ensureTap({ ...ofSwitch, isMultiQueue: true }, 'guest-1');
      expect(await ports()).toEqual([ofSwitch.devName]);
      await taps.removeTap(ofSwitch);
      await taps.removeTap(ofSwitch);
      expect([...(await ports()), ...(await names())]).toEqual([]);
    });

    test('a missing bridge is named, and no tap is left', async () => {
      const { taps, names } = await begin();
      const nowhere = { ...ofSwitch, ovs: { ...ovs, bridge: 'br-none' } };
      await expect(taps.ensureTap(nowhere, 'guest-1')).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('br-none'),
      });
      expect(await names()).toEqual([]);
    });
  });
}
