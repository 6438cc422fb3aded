import { afterAll, beforeAll, expect, test } from 'vitest';
import fastify from 'fastify';
import { hasNoVnc } from '#test/consoles/no-vnc.ts';
import { skipTitle } from '#test/skip-title.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { mountConsolePage } from './console-page.ts';

const absence = 'the optional package @novnc/novnc is not installed: npm ci';

let world: ComputeWorld;
beforeAll(async () => {
  world = await aComputeWorld();
});
afterAll(() => world.stop());

const get = (path: string) => world.app.inject(`/novella/v1/console${path}`);

test('noVNC is installed on CI', () => {
  if (!hasNoVnc && process.env['CI'] === 'true') expect.fail(absence);
});

test('the page passes its address on to nobody, and loads nothing from elsewhere', async () => {
  const reply = await get('?path=novella/v1/console%3Ftoken%3Dsecret');
  expect(reply.statusCode).toBe(200);
  expect(reply.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self';/),
  });
  expect(reply.body).not.toContain('secret');
  expect(reply.body).not.toMatch(/(src|href)="(https?:)?\/\//);
});

test.skipIf(!hasNoVnc)(
  skipTitle('each script that the page needs is served', hasNoVnc, absence),
  async () => {
    const seen = new Set<string>();
    const load = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const reply = await get(path);
      expect([path, reply.statusCode]).toEqual([path, 200]);
      expect(reply.headers['content-type']).toBe('text/javascript; charset=utf-8');
      for (const [, from = ''] of reply.body.matchAll(/(?:import|from)\s+['"]([./][^'"]+)['"]/g)) {
        const next = new URL(from, `http://h/novella/v1/console${path}`).pathname;
        await load(next.replace('/novella/v1/console', ''));
      }
    };
    await load('/viewer.js');
    expect(seen).toContain('/novnc/core/rfb.js');
    expect(seen.size).toBeGreaterThan(20);
  },
);

test('without noVNC the page states what is missing, and has no script', async () => {
  const app = fastify();
  mountConsolePage(app, () => new Map());
  const { body } = await app.inject('/novella/v1/console?path=x');
  expect(body).toContain('The package @novnc/novnc, which shows consoles, is not installed');
  expect(body).not.toContain('<script');
});

test.each([
  '/novnc/package.json',
  '/novnc/../../../package.json',
  '/novnc/core',
  '/novnc/core%2f..%2fpackage.json',
])('no other file is served: %s', async (path) => {
  expect((await get(path)).statusCode).toBe(404);
});
