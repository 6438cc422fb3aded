/** Hosts, one host with its devices, one device, and pools. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage } from '#test/browser/browser.ts';
import { aPageWorld, expectSound, type PageWorld, views } from '#test/browser/page-world.ts';

let world: PageWorld;
let red: string;
/** Where the server `web` is, and one of its VFs. */
let web: { host: string; address: string; id: string };
/** The host of which a server has the whole PF of physnet1. */
let pfHost: string;

beforeAll(async () => {
  world = await aPageWorld({ simulated: { hosts: 3, pfs: 2, vfs: 8 } });
  const { cloud } = world;
  red = await cloud.network('red');
  const boot = async (name: string, vnicType: string) => {
    const port = await cloud.port(red, vnicType);
    const id = await cloud.boot([{ port }], { name });
    await cloud.settled(id, 'ACTIVE');
    const { devices } = await cloud.ok('operator', 'GET', `/servers/${id}/devices`);
    return { id, host: devices[0].host as string, address: devices[0].address as string };
  };
  web = await boot('web', 'direct');
  pfHost = (await boot('router', 'direct-physical')).host;
});
afterAll(() => world.stop());

const vfOf = (page: Page) => page.getByRole('treeitem', { name: `, ${web.address}:` });

test.each(views)('hosts, host, device and pools: $width px, $theme', async (view) => {
  const name = `${view.theme}-${view.width}`;
  const opened = await world.open('/ui/hosts', view);
  const { page } = opened;
  await page.getByRole('link', { name: web.host }).waitFor();
  await expectSound(opened, `hosts-${name}`);
  await page.getByRole('link', { name: web.host }).click();
  await vfOf(page).waitFor();
  await expectSound(opened, `host-${name}`);
  await vfOf(page).click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await expectSound(opened, `device-${name}`);
  await page.getByRole('link', { name: 'Pools' }).click();
  await page.getByRole('button', { name: 'physnet1' }).click();
  await page.getByRole('link', { name: pfHost }).waitFor();
  await expectSound(opened, `pools-${name}`);
  await opened.context.close();
});

test('a host or device that there is not is named, without an error of the page', async () => {
  const { page, context } = await world.open('/ui/hosts/nowhere');
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('nowhere');
  await page.goto(`/ui/hosts/${web.host}/0000:99:00.0`);
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('0000:99:00.0');
  await page.goto('/ui/none');
  await page.getByRole('heading', { name: 'No such page' }).waitFor();
  await context.close();
});

test('a device shows its port, its server, and who has had it; the address leads back to it', async () => {
  const { page, context } = await world.open(`/ui/hosts/${web.host}`);
  await vfOf(page).click();
  const panel = page.getByRole('region', { name: `Device ${web.address}` });
  const { ports } = await world.cloud.ok('network', 'GET', `/ports?device_id=${web.id}`);
  for (const text of [
    'It cannot be given: server web has it.',
    'red, VLAN 42, direct',
    ports[0].mac_address,
    ports[0].fixed_ips[0].ip_address,
    'given to a server',
  ]) {
    await panel.getByText(text).first().waitFor();
  }
  const again = await context.newPage();
  await again.goto(page.url());
  await again
    .getByRole('region', { name: `Device ${web.address}` })
    .getByRole('link', { name: 'web' })
    .waitFor();
  expect(await vfOf(again).getAttribute('aria-selected')).toBe('true');
  await panel.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => page.url()).toBe(`${world.origin}/ui/hosts/${web.host}`);
  await context.close();
});

test('by keyboard alone: find a free VF, read why another cannot be given', async () => {
  const { page, context } = await openPage(world.browser, world.origin);
  const { keyboard } = page;
  const focused = (): Promise<string> =>
    page.evaluate(`{
      const at = document.activeElement;
      at.matches('a, button, [role=treeitem]') ? (at.ariaLabel ?? at.textContent) : '';
    }`);
  const tabTo = async (text: string) => {
    for (let tabs = 0; tabs < 40; tabs += 1) {
      if ((await focused()).includes(text)) return;
      await keyboard.press('Tab');
    }
    throw new Error(`Tab does not lead to ${text}; it is at ${await focused()}`);
  };
  await page.goto('/ui/');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await keyboard.type('admin');
  await keyboard.press('Tab');
  await keyboard.type(world.passwordOf('admin'));
  await keyboard.press('Enter');
  await page.getByRole('link', { name: pfHost }).waitFor();
  await tabTo('host-0001');
  for (let rows = 0; rows < 3 && (await focused()) !== pfHost; rows += 1) {
    await keyboard.press('ArrowDown');
  }
  expect(await focused()).toBe(pfHost);
  await keyboard.press('Enter');
  await page.getByRole('tree').waitFor();
  await tabTo('PF, itself');
  // The PF of the other network is free itself.
  await keyboard.press('f');
  expect(await focused()).toContain('PF, itself free');
  await keyboard.press('f');
  expect(await focused()).toMatch(/: free$/);
  await keyboard.press('p');
  expect(await focused()).toMatch(/^VF 0, .*: PF held$/);
  await keyboard.press('ArrowRight');
  expect(await focused()).toMatch(/^VF 1, .*: PF held$/);
  await keyboard.press('Enter');
  await page.getByText(/It cannot be given: its PF 0000:\S+ is held by server router\./).waitFor();
  await keyboard.press('ArrowDown');
  expect(await focused()).toContain('PF, itself free');
  // A boot appears below what has the focus, which stays there.
  const { cloud } = world;
  const port = await cloud.port(await cloud.network('blue', 'physnet2', 43), 'direct');
  const id = await cloud.boot([{ port }], { name: 'seen', availability_zone: `nova:${pfHost}` });
  await cloud.settled(id, 'ACTIVE');
  await expect.poll(focused, { timeout: 10_000 }).toContain('PF, itself VF held');
  await keyboard.press('ArrowRight');
  expect(await focused()).toMatch(/^VF 0, .*: held by seen$/);
  await context.close();
});

test('a boot is seen at its VF without a reload', async () => {
  const { cloud } = world;
  const { page, context } = await world.open(`/ui/hosts/${web.host}`);
  await vfOf(page).waitFor();
  const held = () => page.getByRole('treeitem', { name: /held by live$/ }).count();
  expect(await held()).toBe(0);
  const port = await cloud.port(red, 'direct');
  const id = await cloud.boot([{ port }], {
    name: 'live',
    availability_zone: `nova:${web.host}`,
  });
  await cloud.settled(id, 'ACTIVE');
  await expect.poll(held, { timeout: 10_000, interval: 20 }).toBe(1);
  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  await expect.poll(held, { timeout: 10_000, interval: 20 }).toBe(0);
  await context.close();
});
