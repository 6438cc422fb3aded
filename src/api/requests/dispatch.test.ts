/** Paths as attackers write them, sent over a socket, as an HTTP client would normalize them. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '#http/listen.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
let port: number;
beforeAll(async () => {
  world = await aComputeWorld();
  port = await listen(world.app, 'compute', '127.0.0.1', 0);
});
afterAll(() => world.stop());

/** The status of this path for a member. */
function statusOf(path: string, method = 'GET'): Promise<number | undefined> {
  const headers = { 'x-auth-token': 'member', connection: 'close' };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    });
    sent.once('error', reject).end();
  });
}

test.each([
  [`/v2.1/${projectId}/flavors`, 200],
  [`/v2.1/${projectId.toUpperCase()}/flavors/`, 200],
  [`/v2.1/%61${projectId.slice(1)}/flavors`, 200],
  [`/v2.1/%62${otherProjectId.slice(1)}/flavors`, 400],
  [`/v2.1/${otherProjectId}/flavors`, 400],
  [`/v2.1/${projectId}/${projectId}/flavors`, 404],
  [`/v2.1/${projectId}x/flavors`, 404],
  [`/v2.1/${projectId}%2Fflavors`, 404],
  [`/v2.1/${projectId}//flavors`, 404],
  [`/novella/v1/${projectId}/hosts`, 404],
  ['http://cloud.example/v2.1/flavors', 200],
  ['HTTPS://cloud.example:8774/novella/v1/hosts', 403],
  [`http://cloud.example/v2.1/${otherProjectId}/flavors`, 400],
  ['/v2.10/flavors', 300],
  ['/v2.1x/flavors', 300],
  ['/V2.1/flavors', 300],
  ['/%76%32.1/flavors', 404],
  ['/v2.1/%66lavors', 200],
  ['/v2.1/FLAVORS', 404],
  ['/v2.1//flavors', 404],
  ['/v2.1/flavors//detail', 404],
  ['/v2.1/flavors;all', 404],
  ['/v2.1/flavors%3Flimit=1', 404],
  ['/v2.1/../novella/v1/hosts', 404],
  ['/v2.1/%2e%2e/novella/v1/hosts', 404],
  ['/v2.1/flavors/%', 400],
  ['/v2.1/%ff/flavors', 400],
  ['/novella/v1/%68osts', 403],
  ['/v2.1/__proto__', 404],
])('%s is answered %i', async (path, status) => {
  expect(await statusOf(path)).toBe(status);
});

test.each([
  ['HEAD', '/v2.1/flavors', 200],
  ['HEAD', '/novella/v1/hosts', 403],
  ['HEAD', `/v2.1/${otherProjectId}/flavors`, 400],
  ['OPTIONS', '/v2.1/flavors', 405],
  ['TRACE', '/v2.1/flavors', 405],
  ['PATCH', '/novella/v1/hosts', 405],
  ['OPTIONS', '/v2.1/nothing', 404],
  ['PURGE', '/v2.1/flavors', 404],
])('%s %s is answered %i', async (method, path, status) => {
  expect(await statusOf(path, method)).toBe(status);
});
