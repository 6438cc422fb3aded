import { expect, test } from 'vitest';
import type { VfTraffic } from '#contracts/host/guest-counters.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { HostTraffic } from '#workflows/hosts/host-traffic.ts';
import { Metrics } from './metrics.ts';
import { type VfSources, vfMetrics } from './vf-metrics.ts';

const address = parsePciAddress('0000:81:10.0');
const count = { bytes: 64, packets: 1, errors: null, drops: 0 };
const vf: VfTraffic = { address, received: count, sent: count };

test('a VF is never shown with an earlier owner', async () => {
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
  expect(await shown()).toEqual({ servers: ['s2'], leftOut: 0 });
  // Left out, while it gets another owner.
  owners['h1'] = 's1';
  generations['h1'] = 2;
  owners['h2'] = 's3';
  generations['h2'] = 3;
  expect(await shown()).toEqual({ servers: ['s1'], leftOut: 1 });
  reporting.delete('h1');
  expect(await shown()).toEqual({ servers: ['s3'], leftOut: 0 });
});

test('what a host reports of VFs that no guest of it holds, or twice, takes no room of other hosts', async () => {
  const hosts = ['a-evil', 'b-good'].map((name) => ({ id: name, name, generation: 1 }));
  const traffic = new HostTraffic(true);
  const device = { address, tags: {}, requestId: null };
  const context = {
    store: {
      hosts: {
        devicesOf: async (ids: string[]) =>
          new Map(ids.map((id) => [id, [{ ...device, serverId: `of ${id}` }]])),
      },
      servers: {
        read: async (ids: string[]) => ids.map((id) => ({ id, projectId: 'p', nics: [] })),
      },
    },
    fleet: { fleet: { hosts } },
    links: { traffic },
  } as unknown as VfSources['context'];
  const others = Array.from({ length: 8 }, (_, at) => ({
    ...vf,
    address: parsePciAddress(`0000:99:00.${at}`),
  }));
  traffic.linked('a-evil').take([...others, vf, vf, vf]);
  traffic.linked('b-good').take([vf]);
  const metrics = new Metrics();
  await vfMetrics(metrics, { context, most: 2 })();
  const text = await metrics.text();
  const shown = text.matchAll(
    /^novella_vf_received_packets_total\{.*server_id="([^"]*)".*\} (\d+)$/gm,
  );
  expect(Array.from(shown, ([, server, packets]) => [server, packets])).toEqual([
    ['of a-evil', '1'],
    ['of b-good', '1'],
  ]);
  expect(text).toMatch(/^novella_vfs_left_out 0$/m);
});
