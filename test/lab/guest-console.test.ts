import { expect, test } from 'vitest';
import { parseReports } from './guest-console.ts';

test('report lines are recognized among other console output', () => {
  const text = [
    '[    0.5] L2-NIC is no report in the middle of a line',
    'L2-NIC if=eth0 mac=52:54:00:6d:90:02 driver=igbvf addr=10.42.0.5/24\r',
    'L2-NIC-GONE mac=52:54:00:6d:90:02',
    'L2-POWER-BUTTON',
    'L2-DEVICE mac=52:54:00:6d:90:02 tags=',
  ].join('\n');
  expect(parseReports(text)).toEqual([
    { what: 'NIC', if: 'eth0', mac: '52:54:00:6d:90:02', driver: 'igbvf', addr: '10.42.0.5/24' },
    { what: 'NIC-GONE', mac: '52:54:00:6d:90:02' },
    { what: 'POWER-BUTTON' },
    { what: 'DEVICE', mac: '52:54:00:6d:90:02', tags: '' },
  ]);
});
