import { expect, test } from 'vitest';
import type { VfTraffic } from '#contracts/host/guest-counters.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { Metrics } from './metrics.ts';
import { type VfSources, vfMetrics } from './vf-metrics.ts';

const address = parsePciAddress('0000:81:10.0');
const count = { bytes: 64, packets: 1, errors: null, drops: 0 };
const vf: VfTraffic = { address, received: count, sent: count };

test('a host whose owners are not read again is left out, and never shown with earlier owners', async () => {
  const generations: Record<string, number> = { h1: 1, h2: 1 };
  const reporting = new Set(['h2']);
  const owners: Record<string, string | null> = { h1: null, h2: 's1' };
  const deviceOf = (id: string) => ({ address, tags: {}, serverId: owners[id], requestId: null });
  const context = {
    fleet: {
      get fleet() {
        const hosts = ['h1', 'h2'].map((id) => ({ id, name: id, generation: generations[id] }));
        return { hosts };
      },
    },
    links: { traffic: { of: (id: string) => (reporting.has(id) ? [vf] : []) } },
    store: {
      hosts: {
        devicesOf: async (ids: string[]) => new Map(ids.map((id) => [id, [deviceOf(id)]])),
      },
      servers: {
        read: async (ids: string[]) => ids.map((id) => ({ id, projectId: id, nics: [] })),
      },
    },
  } as unknown as VfSources['context'];
  const metrics = new Metrics();
  const read = vfMetrics(metrics, { context, most: 1 });
  const shown = async () => {
    await read();
    const text = await metrics.text();
    return {
      servers: [...text.matchAll(/^novella_vf_sent_bytes_total\{.*server_id="(\w+)"/gm)].map(
        ([, id]) => id,
      ),
      leftOut: Number(/^novella_vfs_left_out (\d+)$/m.exec(text)?.[1]),
    };
  };
  expect(await shown()).toEqual({ servers: ['s1'], leftOut: 0 });
  // The VF of the first host is not held any more, and that of the second one by another server.
  reporting.add('h1');
  owners['h2'] = 's2';
  generations['h2'] = 2;
  expect(await shown()).toEqual({ servers: [], leftOut: 1 });
  reporting.delete('h1');
  expect(await shown()).toEqual({ servers: ['s2'], leftOut: 0 });
});
