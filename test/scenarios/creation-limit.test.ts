/** A project that creates faster than its limit is refused, before it costs others. */
import { expect } from 'vitest';
import { parseConfig } from '#programs/config/config.ts';
import { Cloud, scenario } from '#test/worlds/cloud.ts';

const change = (text: string) => {
  const { creationRates } = parseConfig(text, 'novella.yaml');
  return (config: ReturnType<typeof parseConfig>) => ({ ...config, creationRates });
};

const body = (count: number) => ({
  server: { name: 's', flavorRef: 'none', max_count: count, networks: 'none' },
});

scenario(
  'requests above the limit get 429 with the time to retry; those of others are served',
  async (admin, running) => {
    const demo = await Cloud.at(running, 'novella-demo');
    const post = (cloud: Cloud, count = 1) =>
      cloud.send('compute', 'POST', '/servers', { body: body(count) });
    const statuses: number[] = [];
    for (let count = 0; count < 7; count += 1) statuses.push((await post(demo)).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429]);

    const refused = await post(demo);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.body.overLimit).toMatchObject({ code: 429 });
    expect(refused.body.overLimit.message).toContain('5 things a minute (rate_limits.creations)');
    const port = await demo.send('network', 'POST', '/ports', { body: { port: {} } });
    expect(port.status).toBe(429);
    const image = await demo.send('image', 'POST', '/v2/images', { body: { name: 'i' } });
    expect(image.status).toBe(429);

    expect((await demo.send('compute', 'GET', '/servers')).status).toBe(200);
    for (let count = 0; count < 9; count += 1) expect((await post(admin)).status).toBe(400);
  },
  change('rate_limits: { creations: 5 }'),
);

scenario(
  'a request for several servers counts as that many, and a project can have its own limit',
  async (_admin, running) => {
    const demo = await Cloud.at(running, 'novella-demo');
    const post = async (count: number) =>
      (await demo.send('compute', 'POST', '/servers', { body: body(count) })).status;
    expect([await post(6), await post(3), await post(2), await post(1)]).toEqual([
      400, 429, 400, 429,
    ]);
  },
  change('rate_limits: { creations: 1, projects: { demo: 8 } }'),
);

scenario(
  'a request counts by what it creates: however its URL is written, and in a list',
  async (_admin, running) => {
    const demo = await Cloud.at(running, 'novella-demo');
    const post = async (path: string, sent: object, to: 'compute' | 'network' = 'compute') =>
      (await demo.send(to, 'POST', path, { body: sent })).status;
    expect(await post('/%73ervers', body(7))).toBe(400);
    expect(await post('/servers', body(2))).toBe(429);
    const ports = Array.from({ length: 2 }, () => ({}));
    expect(await post('/ports', { ports }, 'network')).toBe(429);
  },
  change('rate_limits: { creations: 8 }'),
);

scenario(
  'a request for more servers than a request may have does not use up what others may create',
  async (_admin, running) => {
    const demo = await Cloud.at(running, 'novella-demo');
    const post = (count: number) => demo.send('compute', 'POST', '/servers', { body: body(count) });
    expect((await post(2_147_483_647)).status).toBe(400);
    const refused = await post(1);
    expect(refused.status).toBe(429);
    // It is counted as a hundred, at sixty a minute.
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(41);
  },
  change('rate_limits: { creations: 60 }'),
);
