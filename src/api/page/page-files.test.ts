/** The files of the page, and what the browser may do with them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { aComputeWorld } from '#test/worlds/compute-world.ts';

test('a page that is not built names the command, and is found once it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'novella-page-'));
  const world = await aComputeWorld({ pageFolder: join(folder, 'ui') });
  const none = await world.ask('GET /ui/', { as: null });
  expect([none.status, none.body]).toEqual([
    503,
    'The page is not built. "npm ci" builds it; to build it alone: npm run build:page\n',
  ]);
  mkdirSync(join(folder, 'ui'));
  writeFileSync(join(folder, 'ui/index.html'), '<!doctype html>');
  expect((await world.ask('GET /ui/', { as: null })).body).toBe('<!doctype html>');
  await world.stop();
  rmSync(folder, { recursive: true });
});

test('assets are kept for ever, the page itself never, and nothing inline is permitted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'novella-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'manifest.json'), '{}');
  writeFileSync(join(folder, 'assets/index-1a2b.js'), 'export {};');
  const world = await aComputeWorld({ pageFolder: folder });
  const ask = (path: string, headers = {}) => world.ask(`GET ${path}`, { as: null, headers });
  for (const path of ['/ui', '/ui/', '/ui/hosts/host-1', '/ui/manifest.json', '/ui/..%2Fx']) {
    const { status, headers, body } = await ask(path);
    expect([path, status, body]).toEqual([path, 200, '<!doctype html>']);
    expect(headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self';/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['content-security-policy']).not.toContain('unsafe');
  }
  const script = await ask('/ui/assets/index-1a2b.js');
  expect(script.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
  });
  expect((await ask('/ui/assets/none.js')).status).toBe(404);
  const packed = await world.app.inject({
    url: '/ui/assets/index-1a2b.js',
    headers: { 'accept-encoding': 'br, gzip' },
  });
  expect(gunzipSync(packed.rawPayload).toString()).toBe('export {};');
  await world.stop();
  rmSync(folder, { recursive: true });
});
