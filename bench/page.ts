/** The page in a real browser: how soon it shows a large fleet and a large host, and its memory. */
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CDPSession, Page } from 'playwright-core';
import { openBrowser, openPage, signIn } from '#test/browser/browser.ts';
import type { ComputeWorld } from '#test/worlds/compute-world.ts';
import { changing, type FleetPlan, withFleet } from './fleet-world.ts';
import { printFigure } from './figure.ts';
import { rounded, spread } from './statistics.ts';

const pageFolder = fileURLToPath(new URL('../dist/ui', import.meta.url));
const large: FleetPlan = { hosts: 10_000, pfs: 2, vfsPerPf: 64 };
const wide: FleetPlan = { hosts: 3, pfs: 8, vfsPerPf: 128 };
const rounds = 5;
/** In commits of several hosts, as heartbeats are: the page is measured, not the database. */
const rate = { perSecond: 500, seconds: 10, perCommit: 25 };

/**
 * Prints `page.fleet_ms` (10,000 hosts with 1.28 million VFs: from the request for the page to map
 * and table), `page.fleet_heap_mib`, `page.longest_task_ms` and `page.cpu_ms_per_change` (of the page's
 * main thread) under 500 changes/s, and `page.host_ms` (a host of 8 PFs with 128 VFs each: from
 * the click to its tree).
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
      await underChanges(tab, world);
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

/** From the first change to half a second after the last: the page shows each within that time. */
async function underChanges(tab: Page, world: ComputeWorld): Promise<void> {
  await tab.evaluate(watchTasks);
  const devtools = await tab.context().newCDPSession(tab);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await busySeconds(devtools);
  const startedAt = performance.now();
  const made = await changing(world, rate);
  const changes = (made * (performance.now() - startedAt)) / 1_000;
  await tab.waitForTimeout(500);
  const seconds = (await busySeconds(devtools)) - before;
  await devtools.detach();
  const tasks = await tab.evaluate<number[]>('globalThis.longTasks');
  const shared = {
    tasks_over_50_ms: tasks.length,
    changes_per_s: Math.round(made),
    load: rounded(loadavg()[0] ?? 0),
  };
  const longest = { value: Math.max(0, ...tasks), ...shared };
  printFigure({ figure: 'page.longest_task_ms', unit: 'ms', ...longest });
  const cpu = { value: (seconds * 1_000) / changes, ...shared };
  printFigure({ figure: 'page.cpu_ms_per_change', unit: 'ms', ...cpu });
}

/** Processor time of the page's main thread. */
async function busySeconds(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
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
