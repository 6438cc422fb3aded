/** The page with the users of a real Keystone, in a real browser. */
import { execFileSync } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openPage, signIn, type WatchedPage } from '#test/browser/browser.ts';
import { besideOpenStack, type Beside, sharedNetwork, uploadedImage } from './beside.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';
import type { people } from './environment/people.ts';

let openstack: OpenStack;
let beside: Beside;
let browser: Browser;
/** Servers of two projects, by name. */
const servers = { reds: '', blues: '' };

beforeAll(async () => {
  execFileSync('npm', ['run', '-s', 'build:page'], { stdio: 'inherit' });
  openstack = await startOpenStack();
  beside = await besideOpenStack(openstack);
  browser = await openBrowser();
  const admin = await beside.as('admin');
  const network = await sharedNetwork(admin, 201);
  await uploadedImage(admin, { visibility: 'public' });
  const alice = await beside.as('alice');
  const port = await alice.port(network, 'direct');
  servers.reds = await alice.boot([{ port }], { name: 'reds' });
  const bob = await beside.as('bob');
  servers.blues = await bob.boot([], { name: 'blues' });
  await alice.settled(servers.reds, 'ACTIVE');
  await bob.settled(servers.blues, 'ACTIVE');
});
afterAll(async () => {
  await browser?.close();
  await beside?.stop();
  await openstack?.stop();
});

async function opened(who: keyof typeof people, path: string): Promise<WatchedPage> {
  const { user, password, project } = openstack.people[who];
  const watched = await openPage(browser, new URL(beside.computeUrl).origin);
  await watched.page.goto(path);
  await signIn(watched.page, user, password, project);
  return watched;
}

const heldVfs = (page: Page) => page.getByRole('treeitem', { name: /held by reds$/ });

test('an administrator sees the fleet, the VF of a server, and signs out', async () => {
  const { page, context, faults } = await opened('admin', '/ui/');
  await page.getByRole('link', { name: 'host-1' }).click();
  await heldVfs(page).click();
  const panel = page.getByRole('region', { name: /^Device / });
  await panel.getByText('vlan201, VLAN 201, direct').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  const fleet = () => fetch(`${new URL(page.url()).origin}/novella/v1/fleet`, { headers });
  expect((await fleet()).status).toBe(200);
  await page.getByText('admin', { exact: true }).first().click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  // Keystone has revoked the token: who has copied the cookie has nothing.
  await expect.poll(async () => (await fleet()).status, { timeout: 90_000 }).toBe(401);
  expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
  await context.close();
});

test('a member sees the servers of the own project, and nothing of hosts', async () => {
  const { page, context, faults } = await opened('alice', '/ui/servers');
  await page.getByRole('link', { name: 'reds' }).waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  expect(await page.getByRole('link', { name: 'Hosts' }).count()).toBe(0);
  await page.getByRole('link', { name: 'reds' }).click();
  await page.getByRole('row').filter({ hasText: 'Server is ACTIVE' }).waitFor();
  expect(await page.locator('main').textContent()).not.toContain('host-1');
  expect(faults).toEqual([]);
  await page.goto(`/ui/servers/${servers.blues}`);
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('could not be found');
  const hosts = await page.evaluate("fetch('/novella/v1/hosts').then((reply) => reply.status)");
  expect(hosts).toBe(403);
  await context.close();
});

test('a wrong password of a user that Keystone has is refused in plain words', async () => {
  const { page, context } = await openPage(browser, new URL(beside.computeUrl).origin);
  await page.goto('/ui/');
  await page.getByLabel('User', { exact: true }).fill('alice');
  await page.getByLabel('Password', { exact: true }).fill('guess');
  await page.getByLabel('Project', { exact: true }).fill('red');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).not.toContain('guess');
  await context.close();
});
