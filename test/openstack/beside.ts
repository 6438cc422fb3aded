/**
 * A Novella in this process beside the environment's services, with one simulated host that Neutron
 * knows.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { giveEndlessToken } from '#test/databases/endless-token.ts';
import { openStore } from '#integrations/database/store.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { uploadImage } from '#test/images/upload-image.ts';
import { silentLog } from '#test/silent-log.ts';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import type { OpenStack } from './environment/openstack.ts';
import type { people } from './environment/people.ts';

export type Beside = Awaited<ReturnType<typeof besideOpenStack>>;

/**
 * `section`: more keys of the section `openstack`. Users call the services themselves, whichever
 * way Novella takes.
 */
export async function besideOpenStack(openstack: OpenStack, section: Record<string, unknown> = {}) {
  openstack.agent('host-1', { physnet1: ['enp1s0'] });
  const { user, password, project } = openstack.people.service;
  const service = {
    auth_url: openstack.urls.keystone,
    username: user,
    password,
    project_name: project,
  };
  const text = JSON.stringify({
    // Its agents are rows, which wire nothing.
    openstack: { ...service, plug_timeout: 0, ...section },
    simulated: { hosts: [{ name: 'host-1' }] },
  });
  const state = temporaryDirectory();
  const config = { ...parseConfig(text, 'novella.yaml'), stateDir: state.path, ports: freePorts };
  const running = await startAllInOne(config, silentLog);
  return {
    computeUrl: running.urls.compute,
    /**
     * A token with which the host of this process is host `name` of another machine until `back`:
     * one of the controller's own process has neither token nor certificate.
     */
    lend: (name: string) => lend(join(state.path, 'novella.sqlite'), name),
    as: (who: keyof typeof people) => cloudOf(openstack, who, running.urls.compute),
    async stop() {
      await running.stop();
      state.remove();
    },
  };
}

async function lend(
  file: string,
  name: string,
): Promise<{ token: string; back: () => Promise<void> }> {
  const { store, db } = await openStore(file);
  const rename = (from: string, to: string) =>
    db
      .updateTable('compute_nodes')
      .set({ hypervisor_hostname: to })
      .where('hypervisor_hostname', '=', from)
      .execute();
  const token = randomBytes(32).toString('base64url');
  await giveEndlessToken(db, name, token);
  await rename('host-1', name);
  return {
    token,
    async back() {
      await rename(name, 'host-1');
      await store.close();
    },
  };
}

/** One of the people, signed in at the services themselves. */
export function cloudOf(
  { urls, cloudsYaml }: OpenStack,
  who: keyof typeof people,
  compute = '',
): Promise<Cloud> {
  const { keystone: identity, neutron: network, glance: image } = urls;
  return Cloud.at({ urls: { compute, identity, network, image }, cloudsYaml }, who);
}

/** A VLAN network on physnet1 with a subnet, for all projects; its id. */
export async function sharedNetwork(admin: Cloud, vlan: number): Promise<string> {
  const id = await admin.network(`vlan${vlan}`, 'physnet1', vlan);
  await admin.ok('network', 'PUT', `/networks/${id}`, { network: { shared: true } });
  return id;
}

/** An active image with these bytes; its id. */
export function uploadedImage(
  cloud: Cloud,
  {
    bytes = Buffer.alloc(4_096),
    ...requested
  }: { bytes?: Buffer; [property: string]: unknown } = {},
): Promise<string> {
  const described = { name: 'tiny', disk_format: 'raw', container_format: 'bare', ...requested };
  return uploadImage(cloud.session, described, new Uint8Array(bytes));
}
