import { expect, test } from 'vitest';
import type { Rejection } from './decision.ts';
import { noValidHostMessage } from './no-valid-host.ts';

function rejected(host: string, filter: string, ...messages: string[]): Rejection {
  return { host, filter, reasons: messages.map((message) => ({ code: 'x', message })) };
}

const noVf = 'physnet2: 0 of 1 VF free';
const many = Array.from({ length: 100 }, (_, at) => rejected(`host-${at + 1}`, 'pci', noVf));
const varied = many.map((one, at) => rejected(one.host, 'pci', `physnet${at}: 0 of 1 VF free`));

const rows: { name: string; given: Rejection[]; gives: string }[] = [
  { name: 'no host at all', given: [], gives: 'There is no host.' },
  {
    name: 'each host with its own reason',
    given: [
      rejected('host-1', 'pci', noVf),
      rejected('host-2', 'alive', 'its agent does not report'),
    ],
    gives: `host-1: pci: ${noVf}; host-2: alive: its agent does not report`,
  },
  {
    name: 'several reasons of one host',
    given: [rejected('host-1', 'resources', 'vcpus: 0 of 1 free', 'disk: 0 GiB of 1 GiB free')],
    gives: 'host-1: resources: vcpus: 0 of 1 free, disk: 0 GiB of 1 GiB free',
  },
  {
    name: 'many hosts with one reason are counted',
    given: many,
    gives: `host-1, host-2, host-3 and 97 more: pci: ${noVf}`,
  },
  {
    name: 'three hosts with one reason',
    given: many.slice(0, 3),
    gives: `host-1, host-2, host-3: pci: ${noVf}`,
  },
  {
    name: 'the fourth of them as one more',
    given: many.slice(0, 4),
    gives: `host-1, host-2, host-3 and 1 more: pci: ${noVf}`,
  },
  {
    name: 'eight reasons in all',
    given: varied.slice(0, 8),
    gives: varied
      .slice(0, 8)
      .map(({ host }, at) => `${host}: pci: physnet${at}: 0 of 1 VF free`)
      .join('; '),
  },
  {
    name: 'hosts that the user’s choice excludes are omitted',
    given: [
      rejected('host-1', 'pci', noVf),
      rejected('host-2', 'forced host', 'host-1 was requested'),
    ],
    gives: `host-1: pci: ${noVf}`,
  },
  {
    name: 'a forced host that does not exist',
    given: [rejected('host-1', 'forced host', 'ghost was requested')],
    gives: 'host-1: forced host: ghost was requested',
  },
];

for (const { name, given, gives } of rows) {
  test(`the message names ${name}`, () => {
    expect(noValidHostMessage(given)).toBe(`No valid host was found. ${gives}`);
  });
}

test('a ninth reason is only counted', () => {
  expect(noValidHostMessage(varied.slice(0, 9))).toMatch(/; 1 more host for other reasons$/);
});

test('the message stays short when every host has a different reason', () => {
  const message = noValidHostMessage(varied);
  expect(message).toContain(
    'host-8: pci: physnet7: 0 of 1 VF free; 92 more hosts for other reasons',
  );
  expect(message.length).toBeLessThan(600);
});
