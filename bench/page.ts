/** The page in a real browser: how soon it shows a large fleet and a large host, and its memory. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openBrowser, openPage, signIn } from '#test/browser/browser.ts';
import { changing, type FleetPlan, withFleet } from './fleet-world.ts';
import { printFigure } from './figure.ts';
import { spread } from './statistics.ts';

const pageFolder = fileURLToPath(new URL('../dist/ui', import.meta.url));
const large: FleetPlan = { hosts: 10_000, pfs: 2, vfsPerPf: 64 };
const wide: FleetPlan = { hosts: 3, pfs: 8, vfsPerPf: 128 };
const rounds = 5;
const changesPerSecond = 500;
const changingSeconds = 10;

/**
 * Prints `page.fleet_ms` (10,000 hosts with 1.28 million VFs: from the request for the page to map
 * and table), `page.fleet_heap_mib`, `page.longest_task_ms` under 500 changes/s, and
 * `page.host_ms` (a host of 8 PFs with 128 VFs each: from the click to its tree).
 */
export async function page(): Promise<void> {
  const browser = await openBrowser();
  try {
    await withFleet(large, { pageFolder }, async (world, url) => {
      const { page: tab, context } = await openPage(browser, url);
      await tab.goto('/ui/');
      await signIn(tab, 'admin', 'admin');
      // The first answer of a process, which reads all devices, is a figure of `fleet`.
      await whenShown(tab, mapAndTable);
      const taken: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await tab.goto('/ui/');
        taken.push(await whenShown(tab, mapAndTable));
      }
      const fleet = { hosts: large.hosts, vfs: large.hosts * large.pfs * large.vfsPerPf };
      await tab.screenshot({ path: 'reports/page/fleet-10000.png' });
      printFigure({ figure: 'page.fleet_ms', unit: 'ms', ...spread(taken), ...fleet });
      printFigure({
        figure: 'page.fleet_heap_mib',
        unit: 'MiB',
        value: await heapMib(tab),
        ...fleet,
      });
      await tab.evaluate(watchTasks);
      const made = await changing(world, { perSecond: changesPerSecond, seconds: changingSeconds });
      const tasks = await tab.evaluate<number[]>('globalThis.longTasks');
      printFigure({
        figure: 'page.longest_task_ms',
        unit: 'ms',
        value: Math.max(0, ...tasks),
        tasks_over_50_ms: tasks.length,
        changes_per_s: Math.round(made),
      });
      await context.close();
    });
    await withFleet(wide, { pageFolder }, async (_world, url) => {
      const { page: tab, context } = await openPage(browser, url);
      await tab.goto('/ui/');
      await signIn(tab, 'admin', 'admin');
      const taken: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await tab.goto('/ui/');
        await tab.getByRole('link', { name: 'host-0001' }).waitFor();
        await tab.evaluate(
          "addEventListener('click', () => { globalThis.clickedAt = performance.now(); }, true)",
        );
        await tab.getByRole('link', { name: 'host-0001' }).click();
        taken.push(await whenShown(tab, tree));
      }
      const vfs = wide.pfs * wide.vfsPerPf;
      printFigure({ figure: 'page.host_ms', unit: 'ms', ...spread(taken), vfs });
      await context.close();
    });
  } finally {
    await browser.close();
  }
}

const mapAndTable =
  "document.querySelector('.map canvas')?.style.height && document.querySelector('tbody a') && performance.now()";
const vfsOfTree = wide.pfs * wide.vfsPerPf;
const tree = `document.querySelectorAll('[role=treeitem].cell').length >= ${vfsOfTree} && performance.now() - globalThis.clickedAt`;

/** Of the frame in which the expression is first true, what it is then. */
async function whenShown(tab: Page, expression: string): Promise<number> {
  return tab.evaluate<number>(`new Promise((resolve) => {
    const look = () => {
      const found = ${expression};
      if (found) resolve(found);
      else requestAnimationFrame(look);
    };
    look();
  })`);
}

const watchTasks = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    globalThis.longTasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: 'longtask' });`;

async function heapMib(tab: Page): Promise<number> {
  const devtools = await tab.context().newCDPSession(tab);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return usedSize / 1_048_576;
}
