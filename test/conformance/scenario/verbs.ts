/**
 * The steps of a scenario other than `boot`. Each returns when the cloud has settled, and throws
 * what the API refuses.
 */
import { waitFor } from '#client/wait-for.ts';
import { patience, removeServer, settled } from './boot.ts';
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
