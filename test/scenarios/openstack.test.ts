/**
 * A Novella among other services: the identity, network and image services of another cloud, used
 * like those of a real OpenStack.
 */
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { Cloud, scenario } from '#test/worlds/cloud.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';

/** Starts a second Novella on the services of the first. */
async function beside(first: AllInOne, stateDir: string, secret = 'admin-password') {
  const text = JSON.stringify({
    openstack: {
      auth_url: first.urls.identity,
      username: 'admin',
      password_file: join(dirname(first.cloudsYaml), secret),
      project_name: 'admin',
      region: 'RegionOne',
    },
  });
  const config = { ...parseConfig(text, 'novella.yaml'), stateDir, ports: freePorts };
  return startAllInOne(config, silentLog);
}

scenario('a server boots on the ports and images of other services', async (first, running) => {
  const state = temporaryDirectory();
  const second = await beside(running, state.path);
  try {
    const { urls } = second;
    expect({ ...urls, compute: '' }).toEqual({ ...running.urls, compute: '' });
    expect(urls.compute).not.toBe(running.urls.compute);
    const cloud = await Cloud.at({ urls, cloudsYaml: running.cloudsYaml });
    const red = await first.network('red');
    const port = await first.port(red, 'direct');
    const id = await cloud.boot([{ port }, { uuid: red }]);
    const server = await cloud.settled(id, 'ACTIVE');
    expect(await first.showPort(port)).toMatchObject({
      device_id: id,
      'binding:host_id': server['OS-EXT-SRV-ATTR:host'],
      'binding:vif_type': 'hw_veb',
      'binding:profile': { physical_network: 'physnet1' },
    });
    const owned = async () =>
      (await first.ok('network', 'GET', `/ports?device_id=${id}`)).ports.length;
    expect(await owned()).toBe(2);
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await owned()).toBe(0);
    expect(await first.showPort(port)).toMatchObject({ 'binding:vif_type': 'unbound' });

    const refused = await cloud.send('compute', 'GET', '/servers', { token: 'nobody' });
    expect(refused.status).toBe(401);
  } finally {
    await second.stop();
    state.remove();
  }
});

scenario('a wrong password ends the start with a message', async (_first, running) => {
  const state = temporaryDirectory();
  await expect(beside(running, state.path, 'demo-password')).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('refuses our user admin of domain Default on project admin'),
  });
  state.remove();
});

scenario(
  'services that are down do not stop the start; a caller’s error names the service',
  async () => {
    const state = temporaryDirectory();
    const closedUrl = 'http://127.0.0.1:1/v3';
    const text = `openstack: { auth_url: "${closedUrl}", username: nova, password: secret }`;
    const config = { ...parseConfig(text, 'x'), stateDir: state.path, ports: freePorts };
    const alone = await startAllInOne(config, silentLog);
    try {
      const headers = { 'x-auth-token': 'somebody' };
      const reply = await fetch(`${alone.urls.compute}/servers`, { headers });
      expect(reply.status).toBe(503);
      expect(await reply.text()).toContain(`identity service at ${closedUrl} does not answer`);
    } finally {
      await alone.stop();
      state.remove();
    }
  },
);
