import { expect, test } from 'vitest';
import { zoneOfHost } from './aggregate.ts';
import { additionFault, removalFault, zoneChangeFault, type ZonedHost } from './aggregate-zones.ts';

const host = (change: Partial<ZonedHost> = {}): ZonedHost => ({
  name: 'host-1',
  otherZones: [],
  servers: 0,
  ...change,
});

test.each([
  { name: 'an empty host', zone: 'west', host: host() },
  { name: 'a busy host without a new zone', zone: null, host: host({ servers: 1 }) },
  {
    name: 'a busy host that is in the zone',
    zone: 'west',
    host: host({ otherZones: ['west'], servers: 1 }),
  },
])('$name can be added', ({ zone, host: added }) => {
  expect(additionFault(zone, added)).toBeUndefined();
});

test.each([
  { name: 'in another zone', host: host({ otherZones: ['east'] }), says: 'host-1 in east' },
  {
    name: 'with a server',
    host: host({ servers: 1 }),
    says: 'from none to west, and it has 1 server',
  },
])('a host $name cannot be added to a zone', ({ host: added, says }) => {
  expect(additionFault('west', added)).toContain(says);
});

test.each([
  { zone: 'west', host: host(), gives: undefined },
  { zone: null, host: host({ servers: 2 }), gives: undefined },
  { zone: 'west', host: host({ otherZones: ['west'], servers: 2 }), gives: undefined },
  {
    zone: 'west',
    host: host({ servers: 2 }),
    gives:
      'the zone of host host-1 would change from west to none, and it has 2 servers; move or delete them first',
  },
])(
  'a host of zone $zone with $host.servers servers is removed: $gives',
  ({ zone, host: removed, gives }) => {
    expect(removalFault(zone, removed)).toBe(gives);
  },
);

test('a zone changes while its hosts are empty, and stays the same with servers', () => {
  const busy = [host({ servers: 1 })];
  expect(zoneChangeFault({ from: null, to: 'west' }, [host()])).toBeUndefined();
  expect(zoneChangeFault({ from: 'west', to: 'west' }, busy)).toBeUndefined();
  expect(zoneChangeFault({ from: 'west', to: 'east' }, busy)).toContain('west to east: host-1');
  expect(zoneChangeFault({ from: null, to: 'west' }, busy)).toContain('none to west');
  expect(zoneChangeFault({ from: null, to: 'west' }, [host({ otherZones: ['east'] })])).toContain(
    'host-1 in east',
  );
  const many = Array.from({ length: 12 }, (_, at) => host({ name: `h${at}`, servers: 1 }));
  expect(zoneChangeFault({ from: null, to: 'west' }, many)).toMatch(/h9 and 2 more$/);
});

test('a host is in the zone of its aggregates, or in nova', () => {
  expect(zoneOfHost([])).toBe('nova');
  expect(zoneOfHost([{ metadata: { ssd: 'true' } }])).toBe('nova');
  expect(zoneOfHost([{ metadata: {} }, { metadata: { availability_zone: 'west' } }])).toBe('west');
});
