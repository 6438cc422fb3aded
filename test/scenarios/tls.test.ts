/** TLS and public addresses: what clients are shown, and which connections are accepted. */
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { startAgentProcess, writeAgentConfig } from '#test/processes/agent-process.ts';
import { scenario } from '#test/worlds/cloud.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { tlsFiles } from '#test/tls/tls-files.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';

scenario(
  'over TLS a stock session boots a server, and every link is https',
  async (cloud, { urls, cloudsYaml }) => {
    for (const url of Object.values(urls)) expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+/);
    expect(readFileSync(cloudsYaml, 'utf8')).toContain(`cacert: ${tlsFiles.caFile}`);
    const networkId = await cloud.network('red');
    const port = await cloud.port(networkId, 'direct');
    const id = await cloud.boot([{ port }]);
    const server = await cloud.settled(id, 'ACTIVE');
    for (const { href } of server.links) expect(href).toMatch(/^https:\/\/127\.0\.0\.1:/);
    const { body } = await cloud.send('identity', 'GET', '/auth/catalog');
    for (const { endpoints } of body.catalog) {
      for (const { url } of endpoints) expect(url).toMatch(/^https:/);
    }
  },
  (config) => ({ ...config, tls: tlsFiles }),
  120_000,
);

scenario(
  'a plain-text client of a service with TLS is disconnected, and others are served',
  async (cloud, { urls }) => {
    const { port } = new URL(urls.compute);
    const outcome = new Promise((resolve) => {
      const call = request({ host: '127.0.0.1', port, path: '/' }, () => resolve('answered'));
      call.on('error', () => resolve('cut off'));
      call.end();
    });
    expect(await outcome).toBe('cut off');
    await cloud.ok('compute', 'GET', '/servers');
  },
  (config) => ({ ...config, tls: tlsFiles }),
  120_000,
);

scenario(
  'an agent joins whatever certificate the services have, and boots a server',
  async (cloud) => {
    const { enrolment } = await cloud.ok('operator', 'POST', '/hosts/hv1/enrolment', {});
    const state = temporaryDirectory();
    const config = writeAgentConfig({
      folder: join(state.path, 'hv1'),
      controllerUrl: enrolment.controller,
      host: 'hv1',
      token: enrolment.token,
    });
    const agent = startAgentProcess(config);
    try {
      await agent.waitForLog(/^connected to the controller$/);
      await cloud.until(async () => {
        const { hosts } = await cloud.ok('operator', 'GET', '/hosts');
        return { done: hosts[0]?.state === 'up' && hosts[0].devices_free > 0, value: hosts };
      });
      const networkId = await cloud.network('red');
      const port = await cloud.port(networkId, 'direct');
      const id = await cloud.boot([{ port }]);
      const server = await cloud.settled(id, 'ACTIVE', 'ERROR');
      expect(server.status).toBe('ACTIVE');
      expect(server['OS-EXT-SRV-ATTR:host']).toBe('hv1');
    } finally {
      await agent.stop();
      state.remove();
    }
  },
  (config) => ({ ...config, tls: tlsFiles, simulated: { kind: 'captured', hosts: [] } }),
  240_000,
);

test('links, Location, version documents, catalog and clouds.yaml have the public addresses', async () => {
  const state = temporaryDirectory();
  const publicUrls = {
    compute: 'https://cloud.example:8774',
    identity: 'https://identity.example',
    network: 'https://network.example',
    image: 'https://image.example',
  };
  const running = await startAllInOne(
    {
      ...readConfig(),
      stateDir: state.path,
      ports: freePorts,
      publicUrls,
      simulated: { kind: 'captured', hosts: [] },
    },
    silentLog,
  );
  try {
    expect(running.urls).toEqual({
      compute: 'https://cloud.example:8774/v2.1',
      identity: 'https://identity.example/v3',
      network: 'https://network.example',
      image: 'https://image.example',
    });
    expect(readFileSync(running.cloudsYaml, 'utf8')).toContain('https://identity.example/v3');
  } finally {
    await running.stop();
    state.remove();
  }
});
