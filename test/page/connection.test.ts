/** What the page shows while the controller is away, and after its machine or its tab slept. */
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPageWorld, keepPicture, type PageWorld } from '#test/browser/page-world.ts';

let world: PageWorld;
let red: string;
beforeAll(async () => {
  world = await aPageWorld();
  red = await world.cloud.network('red');
});
afterAll(() => world.stop());

/** Held VFs of all hosts, from the head of the page. */
const heldOn = (page: Page) => async () => {
  const text = await page.locator('dl > div', { hasText: 'VFs held' }).locator('dd').textContent();
  return Number.parseInt(text ?? '', 10);
};

async function boot(): Promise<string> {
  const { cloud } = world;
  const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
  await cloud.settled(id, 'ACTIVE');
  return id;
}

test('a controller that ends is stated with the time; when it is back, the page is right', async () => {
  const { page, context } = await world.open('/ui/');
  await page.getByRole('link', { name: 'host-1' }).waitFor();
  const held = heldOn(page);
  const before = await held();
  const status = page.getByRole('status');
  await world.novella.kill();
  await expect
    .poll(() => status.textContent(), { timeout: 5_000 })
    .toMatch(/^As of \d\d:\d\d:\d\d, reconnecting$/);
  await keepPicture(page, 'reconnecting');
  expect(await held()).toBe(before);
  await world.restart();
  await boot();
  await expect.poll(() => status.textContent(), { timeout: 15_000 }).toBe('Live');
  await expect.poll(held, { timeout: 10_000 }).toBe(before + 1);
  await context.close();
});

test('a page that was frozen shows what has happened meanwhile', async () => {
  const { page, context } = await world.open('/ui/');
  await page.getByRole('link', { name: 'host-1' }).waitFor();
  const held = heldOn(page);
  const before = await held();
  const devtools: CDPSession = await context.newCDPSession(page);
  const setState = (state: 'frozen' | 'active') =>
    devtools.send('Page.setWebLifecycleState', { state });
  await setState('frozen');
  await boot();
  await setState('active');
  await expect.poll(held, { timeout: 2_000 }).toBe(before + 1);
  await context.close();
});

test('of several pages one reads the events; when it is closed, another does', async () => {
  const first = await world.open('/ui/');
  const streams = () => first.context.pages().length;
  const second = await first.context.newPage();
  const opened: string[] = [];
  second.on('request', (request) => opened.push(new URL(request.url()).pathname));
  await second.goto('/ui/');
  await second.getByRole('link', { name: 'host-1' }).waitFor();
  expect(streams()).toBe(2);
  const before = await heldOn(second)();
  await boot();
  await expect.poll(heldOn(second), { timeout: 10_000 }).toBe(before + 1);
  expect(opened).not.toContain('/novella/v1/events');
  await first.page.close();
  await expect.poll(() => opened, { timeout: 5_000 }).toContain('/novella/v1/events');
  await boot();
  await expect.poll(heldOn(second), { timeout: 10_000 }).toBe(before + 2);
  await first.context.close();
});
