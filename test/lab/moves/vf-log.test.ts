import { expect, test } from 'vitest';
import { parseVfLog, whenHeld } from './vf-log.ts';

const mac = '52:54:00:6d:90:04';
const vf = (number: number, address: string, vlan = '') =>
  `vf ${number}     link/ether ${address} brd ff:ff:ff:ff:ff:ff${vlan}, spoof checking on, trust off`;
const free = vf(0, '9a:bc:5e:d8:64:93');
const held = vf(0, mac, ', vlan 42');
const log = (...samples: [number, ...string[]][]) =>
  samples.map(([at, ...vfs]) => `@ ${at}.5\n${vfs.join('\n')}\n`).join('');

test('a log has the MAC and VLAN of each VF at each change', () => {
  expect(parseVfLog(log([100, held, vf(1, '9a:00:00:00:00:01')]))).toEqual([
    {
      at: 100_500,
      vfs: [
        { vf: 0, mac, vlan: 42 },
        { vf: 1, mac: '9a:00:00:00:00:01', vlan: 0 },
      ],
    },
  ]);
});

test('a VF has MAC and VLAN from when both are there until one is gone', () => {
  const when = (text: string) => whenHeld(parseVfLog(text), { mac, vlan: 42 }, 100_500);
  expect(when(log([99, free], [101, vf(0, mac)], [102, held]))).toBe('VF 0 from +2.0 s');
  expect(when(log([99, held], [115, free]))).toBe('VF 0 until +15.0 s');
  expect(when(log([99, held]))).toBe('VF 0 all the time');
  expect(when(log([99, free]))).toBe('none');
  expect(when(log([99, free], [101, held], [103, free]))).toBe(
    'VF 0 from +1.0 s, VF 0 until +3.0 s',
  );
});
