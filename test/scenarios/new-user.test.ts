/**
 * What a new user, a load balancer and a terminal meet: health, openrc, log, and the end by Ctrl-C.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { Cloud, scenario } from '#test/worlds/cloud.ts';
import { startNovella, temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';

const starter = fileURLToPath(new URL('../../bin/novella.mjs', import.meta.url));
const timeout = 120_000;

scenario('every service has health endpoints, and no metrics', async (_cloud, { urls }) => {
  for (const url of Object.values(urls)) {
    const { origin } = new URL(url);
    for (const path of ['/healthcheck', '/readyz', '/livez']) {
      const reply = await fetch(origin + path);
      expect([reply.url, reply.status, await reply.text()]).toEqual([reply.url, 200, 'OK']);
    }
    expect(await fetch(`${origin}/metrics`)).toMatchObject({ status: 404 });
  }
});

test('an openrc for each user is beside clouds.yaml, readable by its owner only', {
  timeout,
}, async () => {
  const state = temporaryDirectory();
  const novella = await startNovella(state.path);
  for (const [name, user] of [
    ['openrc', 'admin'],
    ['openrc-demo', 'demo'],
  ] as const) {
    expect(statSync(join(state.path, name)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(state.path, name), 'utf8');
    expect(text).toContain(`export OS_AUTH_URL='${novella.urls.identity}'`);
    expect(text).toContain(`export OS_USERNAME='${user}'`);
  }
  await novella.stop();
  state.remove();
});

test('the demo removes its state, even when Ctrl-C arrives three times', { timeout }, async () => {
  const state = temporaryDirectory();
  const demo = spawn(process.execPath, [starter, 'demo'], {
    env: { ...process.env, TMPDIR: state.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve));
  let text = '';
  await new Promise<void>((resolve) => {
    demo.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Ctrl-C')) resolve();
    });
  });
  expect(readdirSync(state.path)).not.toEqual([]);
  const isPath = (line: string) => line.includes(state.path);
  expect(text.split('\n').filter((line) => line.length > 80 && !isPath(line))).toEqual([]);
  for (let times = 0; times < 3; times += 1) demo.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(readdirSync(state.path)).toEqual([]);
  state.remove();
});

test('the image names that a start prints are escaped', { timeout }, async () => {
  const state = temporaryDirectory();
  const config = { ...readConfig(), stateDir: state.path, ports: freePorts };
  const before = await startAllInOne(config, silentLog);
  const admin = await Cloud.at(before);
  const demo = await admin.as('novella-demo');
  await admin.ok('image', 'POST', '/v2/images', { name: 'debian', visibility: 'public' });
  for (const visibility of ['shared', 'community', 'private']) {
    await demo.ok('image', 'POST', '/v2/images', { name: '\u001b]0;mine\u0007', visibility });
  }
  await before.stop();
  const running = await startAllInOne(config, silentLog);
  try {
    expect(running.contents.images.toSorted()).toEqual(['debian', 'tiny']);
  } finally {
    await running.stop();
    state.remove();
  }
});
