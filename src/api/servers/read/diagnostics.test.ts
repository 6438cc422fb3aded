import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GuestCounters } from '#contracts/host/guest-counters.ts';
import type { CommandResult, HostCommand } from '#contracts/host/host-link.ts';
import type { Server } from '#core/servers/server.ts';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const get = ({ id }: Server, version = '2.79', as = 'admin') =>
  world.ask(`GET /v2.1/servers/${id}/diagnostics`, { as, version });

/** The query that the host gets, once it is sent. */
async function question({ hostId }: Server): Promise<HostCommand> {
  for (;;) {
    const [found] = await world.store.commands.pending(hostId ?? '');
    if (found !== undefined) return found;
    await new Promise(setImmediate);
  }
}

async function answer(server: Server, result: CommandResult): Promise<void> {
  const { seq, body } = await question(server);
  expect(body).toEqual({ do: 'counters', guestId: server.id });
  await world.store.commands.complete(server.hostId ?? '', seq, result, { now: world.time.now });
}

const macAddress = 'fa:16:3e:00:00:01';
const counters: GuestCounters = {
  cpuNanoseconds: [17_300_000_000, null],
  memory: { maximum: 524_288, current: 524_288, resident: 236_000, unused: 200_704 },
  disks: [
    {
      ...{ name: 'vda', readBytes: 262_144, readRequests: 112 },
      ...{ writeBytes: 5_778_432, writeRequests: 488, errors: null },
    },
  ],
  nics: [
    {
      name: 'tap1',
      macAddress,
      received: { bytes: 2_070_139, packets: 26_701, errors: 100, drops: 200 },
      sent: { bytes: 140_208, packets: 662, errors: 400, drops: 500 },
    },
  ],
};
const counted: CommandResult = { ok: true, steps: [], counters };

test('from 2.48 on: the counters of the host in the shape of all hypervisors', async () => {
  const server = await world.activeServer({ launchedAt: world.time.now - 90_500 });
  const reply = get(server);
  await answer(server, counted);
  expect((await reply).body).toEqual({
    state: 'running',
    driver: 'libvirt',
    hypervisor: 'qemu',
    hypervisor_os: 'linux',
    uptime: 90,
    config_drive: true,
    num_cpus: 2,
    num_nics: 1,
    num_disks: 1,
    memory_details: { maximum: 512, used: 316 },
    cpu_details: [
      { id: 0, time: 17_300_000_000, utilisation: null },
      { id: 1, time: null, utilisation: null },
    ],
    disk_details: [
      {
        read_bytes: 262_144,
        read_requests: 112,
        write_bytes: 5_778_432,
        write_requests: 488,
        errors_count: null,
      },
    ],
    nic_details: [
      {
        ...{ mac_address: macAddress, rx_octets: 2_070_139, rx_packets: 26_701 },
        ...{ rx_errors: 100, rx_drop: 200, rx_rate: null },
        ...{ tx_octets: 140_208, tx_packets: 662, tx_errors: 400, tx_drop: 500, tx_rate: null },
      },
    ],
  });
});

test('before 2.48: a key for each counter, named by processor, disk and interface', async () => {
  const server = await world.activeServer();
  const reply = get(server, '2.47');
  await answer(server, counted);
  expect((await reply).body).toEqual({
    cpu0_time: 17_300_000_000,
    ...{ memory: 524_288, 'memory-actual': 524_288 },
    ...{ 'memory-rss': 236_000, 'memory-unused': 200_704 },
    ...{ vda_read: 262_144, vda_read_req: 112, vda_write: 5_778_432, vda_write_req: 488 },
    ...{ tap1_rx: 2_070_139, tap1_rx_packets: 26_701, tap1_rx_errors: 100, tap1_rx_drop: 200 },
    ...{ tap1_tx: 140_208, tap1_tx_packets: 662, tap1_tx_errors: 400, tap1_tx_drop: 500 },
  });
});

test('a NIC that the host does not count, as a VF that is passed through, has null', async () => {
  const server = await world.activeServer();
  const reply = get(server);
  await answer(server, { ...counted, counters: { ...counters, nics: [] } });
  expect((await reply).body).toMatchObject({
    num_nics: 1,
    nic_details: [{ mac_address: macAddress, rx_octets: null, tx_octets: null }],
  });
});

test('a host that fails, reports none or does not answer: 503, and the query is withdrawn', async () => {
  const server = await world.activeServer();
  const fails = get(server);
  await answer(server, { ok: false, message: 'libvirt is busy', detail: '', steps: [] });
  expect(faultOf(await fails)).toMatchObject({ code: 503, message: 'libvirt is busy' });
  const older = get(server);
  await answer(server, { ok: true, steps: [] });
  expect(faultOf(await older)).toMatchObject({ code: 503 });
  const silent = get(server);
  await question(server);
  world.time.now += 10_001;
  expect(faultOf(await silent)).toMatchObject({
    code: 503,
    message: `the host of instance ${server.id} has not answered 'get_diagnostics' within 10 s`,
  });
  expect(await world.store.commands.pending(server.hostId ?? '')).toEqual([]);
});

test('no diagnostics of a guest that does not run, nor for members', async () => {
  const off = await world.activeServer({ vmState: 'stopped', powerState: 4 });
  const reply = await get(off);
  expect([reply.status, faultOf(reply).message]).toEqual([
    409,
    `Cannot 'get_diagnostics' instance ${off.id} while it is in power state shutdown`,
  ]);
  expect((await get(await world.server())).status).toBe(409);
  expect((await get(off, '2.79', 'member')).status).toBe(403);
});
