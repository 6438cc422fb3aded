/**
 * The steps of a scenario other than `boot`. Each returns when the cloud has settled, and throws
 * what the API refuses.
 */
import { showServer } from '#client/servers.ts';
import { waitFor } from '#client/wait-for.ts';
import { ComputeError } from '#core/errors.ts';
import { otherFlavor, patience, removeServer, settled } from './boot.ts';
import type { ScenarioStep } from './case.ts';
import { configEntries, withMacs, type World } from './world.ts';

type Verb = (world: World, step: ScenarioStep) => Promise<void>;

export const verbs: Record<string, Verb> = {
  delete: (world, step) => removeServer(world, step.server ?? ''),
  attach: async (world, step) => {
    await world.ask({
      service: 'compute',
      path: `/servers/${serverId(world, step)}/os-interface`,
      method: 'POST',
      microversion: '2.79',
      body: { interfaceAttachment: { port_id: portId(world, step) } },
    });
  },
  detach: async (world, step) => {
    const path = `/servers/${serverId(world, step)}/os-interface/${portId(world, step)}`;
    await world.ask({ service: 'compute', path, method: 'DELETE', microversion: '2.79' });
    await detached(world, step);
  },
  reboot: (world, step) => act(world, step, { reboot: { type: 'HARD' } }),
  rebuild: (world, step) => act(world, step, { rebuild: { imageRef: world.imageId } }),
  stop: (world, step) => act(world, step, { 'os-stop': null }),
  start: (world, step) => act(world, step, { 'os-start': null }),
  pause: (world, step) => act(world, step, { pause: null }),
  unpause: (world, step) => act(world, step, { unpause: null }),
  suspend: (world, step) => act(world, step, { suspend: null }),
  resume: (world, step) => act(world, step, { resume: null }),
  live_migrate: (world, step) =>
    moved(world, step, { 'os-migrateLive': { host: step.host ?? null, block_migration: 'auto' } }),
  cold_migrate: (world, step) =>
    moved(world, step, { migrate: step.host === undefined ? null : { host: step.host } }),
  resize: async (world, step) =>
    moved(world, step, { resize: { flavorRef: await otherFlavor(world, step.flavor) } }),
  confirm: async (world, step) => {
    await act(world, step, { confirmResize: null });
    await confirmed(world, step, serverId(world, step));
  },
  revert: (world, step) => act(world, step, { revertResize: null }),
  evacuate: async (world, step) => {
    await loseHost(world, step);
    await moved(world, step, { evacuate: step.host === undefined ? {} : { host: step.host } });
  },
  host_returns: async (world, step) => {
    await world.cloud.hosts.start(step.host ?? '');
    await setService(world, step, { forced_down: false });
    await leftGuestsRemoved(world, step.host ?? '');
  },
  shelve: (world, step) => act(world, step, { shelve: null }),
  unshelve: (world, step) => act(world, step, { unshelve: null }),
  disable_host: (world, step) => setService(world, step, { status: 'disabled' }),
  enable_host: (world, step) => setService(world, step, { status: 'enabled' }),
  start_host: (world, step) => world.cloud.hosts.start(step.host ?? ''),
  refresh: (world) => world.cloud.hosts.refresh(),
  set_devices: async (world, step) => {
    world.cloud.hosts.setDevices(step.host ?? '', devicesOf(world, step));
  },
  restart_host: (world, step) =>
    world.cloud.hosts.restart(step.host ?? '', {
      ...(step.device_spec !== undefined && { deviceSpec: configEntries(step.device_spec) }),
      ...(step.devices !== undefined && { devices: devicesOf(world, step) }),
    }),
};

function serverId(world: World, step: ScenarioStep): string {
  return world.servers.get(step.server ?? '') ?? '';
}

function portId(world: World, step: ScenarioStep): string {
  return world.ports.get(step.port ?? '') ?? '';
}

function devicesOf(world: World, step: ScenarioStep) {
  const number = world.input.hosts.findIndex(({ name }) => name === step.host);
  return withMacs(step.devices ?? [], number);
}

async function act(world: World, step: ScenarioStep, body: object): Promise<void> {
  const id = serverId(world, step);
  const path = `/servers/${id}/action`;
  await world.ask({ service: 'compute', path, method: 'POST', microversion: '2.79', body });
  await settled(world, id);
}

/** A move, which must not end in an error. */
async function moved(world: World, step: ScenarioStep, body: object): Promise<void> {
  await act(world, step, body);
  const { migrations } = await world.ask<{ migrations: { status: string }[] }>({
    service: 'compute',
    path: `/os-migrations?instance_uuid=${serverId(world, step)}`,
    microversion: '2.79',
  });
  if (migrations[0]?.status === 'error') {
    throw new ComputeError('unavailable', 'the move ended in an error');
  }
}

/** While its old host is released the server has no task. */
async function confirmed({ session }: World, { server = '' }: ScenarioStep, id: string) {
  const poll = async () => {
    const seen = await showServer(session, id);
    return { done: seen.status !== 'VERIFY_RESIZE', value: seen };
  };
  await waitFor(`the move of ${server} to be confirmed`, poll, patience);
}

/** Its agent stops, and its service is forced down. */
async function loseHost(world: World, step: ScenarioStep): Promise<void> {
  const server = await settled(world, serverId(world, step));
  const host = server['OS-EXT-SRV-ATTR:host'] ?? '';
  await world.cloud.hosts.stop(host);
  await setService(world, { ...step, host }, { forced_down: true });
}

/** What evacuated servers left on the host is removed, and released. */
async function leftGuestsRemoved(world: World, host: string): Promise<void> {
  const poll = async () => {
    const { migrations } = await world.ask<{ migrations: { status: string }[] }>({
      service: 'compute',
      path: `/os-migrations?source_compute=${host}&migration_type=evacuation`,
      microversion: '2.79',
    });
    return { done: migrations.every(({ status }) => status !== 'done'), value: migrations };
  };
  await waitFor(`host ${host} to remove its evacuated guests`, poll, patience);
}

/** A NIC and its device are released once `explain` no longer lists it. */
async function detached(world: World, step: ScenarioStep): Promise<void> {
  const poll = async () => {
    const { nics } = await world.ask<{ nics: { port_id: string | null }[] }>({
      service: 'operator',
      path: `/servers/${serverId(world, step)}/explain`,
    });
    return { done: !nics.some(({ port_id }) => port_id === portId(world, step)), value: nics };
  };
  await waitFor(`port ${step.port} to be detached`, poll, patience);
}

async function setService(world: World, step: ScenarioStep, body: object): Promise<void> {
  const { services } = await world.ask<{ services: { id: string }[] }>({
    service: 'compute',
    path: `/os-services?host=${step.host}`,
    microversion: '2.79',
  });
  const path = `/os-services/${services[0]?.id}`;
  await world.ask({ service: 'compute', path, method: 'PUT', microversion: '2.79', body });
}
