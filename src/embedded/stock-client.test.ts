import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adminPassword,
  ask,
  type EmbeddedCloud,
  signInBody,
  startEmbeddedCloud,
} from '#test/worlds/embedded-cloud.ts';
import { type Exchange, IdMap, keyPaths } from '#test/worlds/replay.ts';
import commands from '../../test/fixtures/recorded/stock-client-calls.json' with { type: 'json' };

type Call = Exchange & { service: 'identity' | 'network' | 'image' };

let cloud: EmbeddedCloud;
const ids = new IdMap();
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
});
afterAll(() => cloud.stop());

/**
 * Omitted: keys that show how a port is bound (other drivers here), the place of bytes, and the
 * host of a bound port.
 */
const comparable = (value: unknown) =>
  keyPaths(value).filter((path) => !/vif_details\.|binding:profile\.|\.stores$/.test(path));

const server = '2594b098-322d-4880-8f9f-a1a96c65a8c3';

async function giveToServer(portName: string): Promise<void> {
  const token = cloud.adminToken;
  const { body } = await ask(cloud.network.app, `GET /v2.0/ports?name=${portName}`, { token });
  const change = { body: { port: { device_id: server } } };
  await ask(cloud.network.app, `PUT /v2.0/ports/${body.ports[0].id}`, { token, ...change });
}

function requestOf(call: Call) {
  if (call.path === '/v3/auth/tokens') {
    return { act: 'POST /v3/auth/tokens', body: signInBody('admin', adminPassword, 'admin') };
  }
  const { method, path, body } = ids.translate(call);
  if (path.endsWith('/file')) {
    const headers = { 'content-type': 'application/octet-stream' };
    return { act: `${method} ${path}`, body: new Uint8Array(1024), headers };
  }
  return { act: `${method} ${path}`, ...(body !== undefined && { body }) };
}

for (const [name, { command, calls }] of Object.entries(commands)) {
  describe(`the calls of "${command}" (${name})`, () => {
    // The effect on the port of the server boot between these commands.
    if (name === 'port-list') beforeAll(() => giveToServer('p-macvtap'));
    (calls as Call[]).forEach((call, index) => {
      test(`${index + 1}: ${call.method} ${call.path} gives ${call.status}`, async () => {
        const { act, ...options } = requestOf(call);
        const app = cloud[call.service].app;
        const answer = await ask(app, act, { token: cloud.adminToken, ...options });
        expect(answer.status).toBe(call.status);
        if (call.response === undefined) return;
        ids.learn(call.response, answer.body);
        expect(comparable(answer.body)).toEqual(comparable(call.response));
      });
    });
  });
}
