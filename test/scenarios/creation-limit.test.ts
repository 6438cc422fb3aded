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
