import { aCheckedHost, someDetails } from '#test/hosts/host-facts.ts';
import { expect, test } from 'vitest';
import { checkHost } from './check-host.ts';

test('VFs for ports whose PF has no network interface fail; those of an alias do not', () => {
  const bare = (entries: object[]) => {
    const host = aCheckedHost(
      { functions: someDetails(() => ({ link: null, driver: 'thunder-nic' })) },
      { entries },
    );
    const functions = host.functions.map((fn) => ({ ...fn, ifname: null, parentIfname: null }));
    return checkHost({ ...host, functions }).filter(({ code }) => code === 'pf-without-interface');
  };
  expect(bare([{ product_id: '1018', physical_network: 'physnet1' }])[0]).toMatchObject({
    level: 'fail',
    name: 'Interface of PF 0000:3b:00.0',
    found:
      'it has none (driver thunder-nic), and its 2 VFs are set up through it: no port can get one',
  });
  expect(bare([{ product_id: '1018' }])).toEqual([]);
});

test('InfiniBand needs neither an interface of the PF nor a link of IPoIB', () => {
  const down = { ifname: 'ib0', isUp: false, hasCarrier: null };
  const host = aCheckedHost(
    { functions: someDetails(() => ({ link: down, driver: 'mlx5_core' })) },
    { entries: [{ product_id: '1018', physical_network: 'ib1' }] },
  );
  const codes = (isInfiniBand: boolean) => {
    const functions = host.functions.map((fn) => ({
      ...fn,
      ...{ ifname: null, parentIfname: null },
      ...(isInfiniBand && { isInfiniBand: true as const }),
    }));
    return checkHost({ ...host, functions })
      .filter(({ level }) => level === 'fail')
      .map(({ code }) => code);
  };
  expect(codes(false)).toEqual(expect.arrayContaining(['pf-down', 'pf-without-interface']));
  expect(codes(true)).not.toContain('pf-down');
  expect(codes(true)).not.toContain('pf-without-interface');
});
