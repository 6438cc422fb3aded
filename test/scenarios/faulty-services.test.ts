/**
 * Services that fail in all ways of a network: whatever happens, nothing is lost and nothing is
 * stuck at the end.
 */
import { randomInt } from 'node:crypto';
import { expect } from 'vitest';
import { randomFrom } from '#test/random.ts';
import { besideFaulty } from '#test/worlds/beside-faulty.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import type { Fault, Mischief } from '#test/worlds/faulty-proxy.ts';

const lives = 50;
const inFlight = 8;
/** The share of calls, in percent, that meet each fault. */
const chances: Partial<Record<Fault, number>> = {
  lost: 3,
  unanswered: 4,
  half: 3,
  busy: 3,
  silent: 1,
};

function mischiefOf(random: () => number): Mischief {
  return () => {
    let left = random() * 100;
    for (const [fault, chance] of Object.entries(chances)) {
      left -= chance;
      if (left < 0) return fault as Fault;
    }
    return undefined;
  };
}

/** Like a client that retries while a service is down. */
async function patiently(cloud: Cloud, method: string, path: string, body?: object) {
  for (;;) {
    const reply = await cloud.send('compute', method, path, body === undefined ? {} : { body });
    if (reply.status !== 503) return reply;
  }
}

/** A server from its request to its end; its last status. */
async function live(cloud: Cloud, requested: object): Promise<string> {
  const made = await patiently(cloud, 'POST', '/servers', { server: requested });
  expect(made).toMatchObject({ status: 202 });
  const path = `/servers/${made.body.server.id}`;
  const shown = () => patiently(cloud, 'GET', path);
  const status = async () => (await shown()).body.server.status;
  await expect.poll(status, { timeout: 90_000, interval: 20 }).toMatch(/ACTIVE|ERROR/);
  const came = await status();
  await patiently(cloud, 'DELETE', path);
  const isGone = async () => (await shown()).status;
  await expect.poll(isGone, { timeout: 90_000, interval: 20 }).toBe(404);
  return came;
}

scenario(
  `${lives} servers come and go while calls are cut, refused and never answered: at the end all ports and VFs are free and nothing is stuck`,
  async (first, running) => {
    const seed = Number(process.env['NOVELLA_SEED'] ?? randomInt(2 ** 31));
    console.log(`NOVELLA_SEED=${seed}`);
    const beside = await besideFaulty(running, mischiefOf(randomFrom(seed)), { timeout: 1 });
    try {
      const { cloud } = beside;
      const network = await first.network('red');
      const { images } = await first.ok('image', 'GET', '/v2/images');
      const free = await first.freeVfs('physnet1');
      const userPorts: string[] = [];
      const waiting = Array.from({ length: lives }, (_, at) => at);
      const ends: Record<string, number> = {};
      const worker = async (): Promise<void> => {
        for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
          const port = await first.port(network, at % 3 === 0 ? 'normal' : 'direct');
          userPorts.push(port);
          const networks = at % 2 === 0 ? [{ port }, { uuid: network }] : [{ port }];
          const requested = { name: `s${at}`, flavorRef: '1', imageRef: images[0].id, networks };
          const end = await live(cloud, requested);
          ends[end] = (ends[end] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, worker));
      beside.calm();
      console.log(JSON.stringify({ ends, faults: beside.faults() }));

      // A refused boot is cleaned up while its client retries.
      const left = async () => (await cloud.ok('compute', 'GET', '/servers')).servers;
      await expect.poll(left, { timeout: 60_000 }).toEqual([]);
      expect(await cloud.freeVfs('physnet1')).toEqual(free);
      const { ports } = await first.ok('network', 'GET', '/ports');
      expect(ports.map(({ id }: { id: string }) => id).sort()).toEqual(userPorts.sort());
      const unbound = { device_id: '', device_owner: '', 'binding:vif_type': 'unbound' };
      for (const port of ports) expect(port).toMatchObject(unbound);
    } finally {
      await beside.stop();
    }
  },
  undefined,
  240_000,
);
