/**
 * One request from the API to the host: its id is in every log line, in the command to the host,
 * and in the calls to other services, which get the id of the client's own request.
 */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { logTo } from '#programs/terminal/log.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { Cloud } from '#test/worlds/cloud.ts';

type Line = Record<string, unknown> & { msg: string };

/** A cloud with the lines of its log. */
async function started(text: string, stateDir: string) {
  const lines: Line[] = [];
  const write = (line: string) => lines.push(JSON.parse(line)) > 0;
  const log = logTo({ write }, { level: 'debug', format: 'json' });
  const config = { ...parseConfig(text, 'novella.yaml'), stateDir, ports: freePorts };
  return { running: await startAllInOne(config, log), lines };
}

let state: ReturnType<typeof temporaryDirectory>;
const clouds: AllInOne[] = [];
beforeEach(() => {
  state = temporaryDirectory();
});
afterEach(async () => {
  for (const running of clouds.splice(0).toReversed()) await running.stop();
  state.remove();
});

/** A cloud whose network and image service are those of another one. */
async function twoClouds() {
  const services = await started('{}', join(state.path, 'services'));
  clouds.push(services.running);
  const text = JSON.stringify({
    openstack: {
      auth_url: services.running.urls.identity,
      username: 'admin',
      password_file: join(dirname(services.running.cloudsYaml), 'admin-password'),
      project_name: 'admin',
    },
  });
  const compute = await started(text, join(state.path, 'compute'));
  clouds.push(compute.running);
  const place = { ...services.running, urls: compute.running.urls };
  return { services, compute, cloud: await Cloud.at(place) };
}

test('the id of a request is found from the API to the host and the other services', async () => {
  const { services, compute, cloud } = await twoClouds();
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const globalRequestId = `req-${randomUUID()}`;
  const { flavors } = await cloud.ok('compute', 'GET', '/flavors');
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  const [flavor, image] = [flavors[0].id, images[0].id];
  const reply = await cloud.send('compute', 'POST', '/servers', {
    headers: { 'X-OpenStack-Request-ID': globalRequestId },
    body: { server: { name: 's', flavorRef: flavor, imageRef: image, networks: [{ port }] } },
  });
  const { id } = reply.body.server;
  await cloud.settled(id, 'ACTIVE');

  const requestId = reply.headers.get('x-openstack-request-id');
  expect(requestId).toMatch(/^req-/);
  expect(requestId).not.toBe(globalRequestId);
  expect(reply.headers.get('x-compute-request-id')).toBe(requestId);
  const { instanceActions } = await cloud.ok(
    'compute',
    'GET',
    `/servers/${id}/os-instance-actions`,
  );
  expect(instanceActions).toMatchObject([{ action: 'create', request_id: requestId }]);

  const [posted] = compute.lines.filter(({ msg }) => msg === 'POST /v2.1/servers 202');
  expect(posted).toMatchObject({ requestId, globalRequestId });
  const steps = compute.lines.filter(({ server, step }) => server === id && step !== undefined);
  expect(steps.map(({ step }) => step)).toEqual(['schedule', 'bind-ports', 'guest-started']);
  for (const step of steps) expect(step).toMatchObject({ requestId, globalRequestId });
  const [command] = compute.lines.filter((line) => line['do'] === 'spawn');
  expect(command).toMatchObject({ guest: id, requestId });
  const ofOthers = services.lines.filter((line) => line['globalRequestId'] === globalRequestId);
  const paths = ofOthers.map(({ msg }) => msg);
  expect(paths).toContain(`PUT /v2.0/ports/${port} 200`);
  expect(paths).toContain(`GET /v2/images/${image} 200`);
  expect(paths).toContainEqual(expect.stringMatching(/^GET \/v2.0\/ports/));
});
