/** What administrators do with hosts in the page. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPageWorld, expectSound, type PageWorld, views } from '#test/browser/page-world.ts';
import { startAgentProcess, writeAgentConfig } from '#test/processes/agent-process.ts';

let world: PageWorld;
beforeAll(async () => {
  world = await aPageWorld({ simulated: { hosts: 2, pfs: 1, vfs: 4 } });
});
afterAll(() => world.stop());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const hostNamed = async (name: string) =>
  (await world.cloud.ok('operator', 'GET', `/hosts?host=${name}`)).hosts[0];
const standing = (page: Page) => page.locator('.standing-line');

test('by keyboard alone: disable a host with a reason, and enable it again', async () => {
  const { page, context } = await world.open('/ui/hosts/host-0001');
  await button(page, 'Disable …').focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Disable host-0001?' });
  await dialog.getByText('No new server is placed on it').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await standing(page).textContent()).not.toContain('disabled');
  // The focus is back at the button.
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await page.keyboard.type('new fan');
  await page.keyboard.press('Enter');
  await standing(page).getByText('disabled: new fan').waitFor();
  await page.getByRole('status').getByText('host-0001 is disabled.').waitFor();
  const host = await hostNamed('host-0001');
  expect(host).toMatchObject({ status: 'disabled', disabled_reason: 'new fan' });
  await button(page, 'Enable …').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Enable host-0001?' }).waitFor();
  await page.keyboard.press('Enter');
  await expect.poll(() => standing(page).textContent()).not.toContain('disabled');
  await context.close();
});

test('a host is forced down and up again; Enter alone does not force it down', async () => {
  const { page, context } = await world.open('/ui/hosts/host-0002');
  await button(page, 'Force down …').click();
  await page.getByText('Make sure first that the machine is off').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await standing(page).textContent()).not.toContain('forced down');
  await button(page, 'Force down …').click();
  await button(page, 'Force down').click();
  await standing(page).getByText('forced down').waitFor();
  expect(await hostNamed('host-0002')).toMatchObject({ forced_down: true, state: 'down' });
  await button(page, 'Undo forced down …').click();
  await button(page, 'Undo forced down').click();
  await expect.poll(() => standing(page).textContent()).toMatch(/^up/);
  await context.close();
});

test('a host joins with the token that the page shows, is revoked there, and removed', async () => {
  const { page, context } = await world.open('/ui/hosts');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await button(page, 'Enrol a host …').click();
  await page.getByLabel('Name of the host').fill('a/b');
  await button(page, 'Make the token').click();
  await page.getByRole('alert').getByText('use letters, digits, dots and hyphens').waitFor();
  await page.getByLabel('Name of the host').fill('hv1');
  await button(page, 'Make the token').click();
  const dialog = page.getByRole('dialog', { name: 'Token of hv1' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  const [controller = '', command = ''] = await dialog.locator('pre').allTextContents();
  await dialog.getByRole('button', { name: 'Copy: 2. On hv1, as root' }).click();
  await dialog.getByText('Copied.').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(command);
  await button(page, 'Done').click();
  await expect.poll(() => page.content()).not.toContain('novella-join-');
  const [, controllerUrl = ''] = /^controller: (\S+)$/.exec(controller) ?? [];
  const [, token = ''] = / (novella-join-\S+)$/.exec(command) ?? [];
  const folder = join(world.novella.stateDir, 'hv1');
  const agent = startAgentProcess(writeAgentConfig({ folder, controllerUrl, host: 'hv1', token }));
  await page.getByRole('link', { name: 'hv1' }).click({ timeout: 30_000 });
  await standing(page).getByText('up', { exact: true }).waitFor();
  await button(page, 'Revoke certificate …').click();
  await button(page, 'Revoke').click();
  await standing(page).getByText('down', { exact: true }).waitFor();
  await agent.waitForLog(/The certificate of host hv1 was revoked/);
  await agent.stop();
  await button(page, 'New enrolment token …').click();
  await button(page, 'Revoke and make a token').click();
  await page.getByRole('dialog', { name: 'Token of hv1' }).getByText('novella-join-').waitFor();
  await button(page, 'Done').click();
  await button(page, 'Remove …').click();
  await button(page, 'Remove').click();
  await page.getByRole('heading', { name: 'Hosts' }).waitFor();
  await page.getByRole('link', { name: 'hv1' }).waitFor({ state: 'detached' });
  await context.close();
});

test.each(views)('the questions before an action: $width px, $theme', async (view) => {
  const opened = await world.open('/ui/hosts/host-0001', view);
  const { page } = opened;
  const name = `${view.theme}-${view.width}`;
  await button(page, 'Force down …').click();
  await page.getByRole('dialog').waitFor();
  await expectSound(opened, `force-down-${name}`);
  await page.keyboard.press('Escape');
  await page.goto('/ui/hosts');
  await button(page, 'Enrol a host …').click();
  await page.getByLabel('Name of the host').fill(`hv-${name}`);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: `Token of hv-${name}` }).waitFor();
  await expectSound(opened, `token-${name}`);
  await opened.context.close();
});
