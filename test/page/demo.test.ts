/** What a new user sees: the page of `npm run demo`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openPage, signIn } from '#test/browser/browser.ts';
import { starter } from '#test/processes/starter.ts';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { request } from '#client/session/request.ts';
import { openSession } from '#client/session/session.ts';

let browser: Browser;
let demo: ChildProcess;
let text = '';

beforeAll(async () => {
  browser = await openBrowser();
  demo = spawn(process.execPath, [starter, 'demo'], { stdio: ['ignore', 'pipe', 'pipe'] });
  demo.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
});
afterAll(async () => {
  await browser.close();
  demo.kill('SIGINT');
  await new Promise((resolve) => demo.once('exit', resolve));
});

/** In README. To renew it: remove it, and run this test. */
const picture = fileURLToPath(new URL('../../docs/images/page.png', import.meta.url));

test('the demo names the page and a password, and its server is there, live', async () => {
  await expect.poll(() => text, { timeout: 50_000 }).toContain('Ctrl-C');
  const [, address = '', password = ''] =
    /(http:\S+\/ui\/) +\(user admin, password (\w+)\)/.exec(text) ?? [];
  const view = { width: 1200, height: 760 };
  const { page, faults, context } = await openPage(browser, new URL(address).origin, view);
  await page.goto(address);
  await signIn(page, 'admin', password);
  const held = page
    .getByRole('row', { name: /host-2/ })
    .getByRole('cell')
    .nth(2);
  await expect.poll(() => held.textContent()).toBe('2');
  await page.getByRole('link', { name: 'host-2' }).click();
  const vfs = page.getByRole('treeitem', { name: /held by web$/ });
  await expect.poll(() => vfs.count()).toBe(2);
  await vfs.first().click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: 'reports/page/readme.png' });
  if (!existsSync(picture)) await page.screenshot({ path: picture });
  const [, cloudsYaml = ''] = /OS_CLIENT_CONFIG_FILE=(\S+)/.exec(text) ?? [];
  const session = await openSession(readCloud(cloudsYaml));
  const compute = { service: 'compute', path: '/servers' } as const;
  const { servers } = await request<{ servers: { id: string }[] }>(session, compute);
  const path = `/servers/${servers[0]?.id}`;
  await request(session, { ...compute, method: 'DELETE', path });
  await expect.poll(() => vfs.count(), { timeout: 5_000 }).toBe(0);
  expect(faults).toEqual([]);
  await context.close();
});
