/** A real `novella up` with a real browser at its page. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { freePorts } from '../processes/free-ports.ts';
import {
  type NovellaProcess,
  startConfigured,
  temporaryDirectory,
} from '../processes/novella-process.ts';
import { Cloud } from '../worlds/cloud.ts';
import {
  axeFindings,
  openBrowser,
  openPage,
  signIn,
  type View,
  type WatchedPage,
} from './browser.ts';

/** The views in which each page is seen. */
export const views: readonly Required<Pick<View, 'width' | 'theme'>>[] = [
  { width: 360, theme: 'light' },
  { width: 360, theme: 'dark' },
  { width: 1440, theme: 'light' },
  { width: 1440, theme: 'dark' },
];

export interface PageWorld {
  cloud: Cloud;
  browser: Browser;
  /** Where the page is. Example: `http://127.0.0.1:8774`. */
  origin: string;
  novella: NovellaProcess;
  /** A page of a browser of its own at this address, signed in as this user. */
  open: (path: string, view?: View, user?: 'admin' | 'demo') => Promise<WatchedPage>;
  passwordOf: (user: 'admin' | 'demo') => string;
  /** Starts Novella again, with the same ports, after its process has ended. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

/** `config`: keys of novella.yaml, as JSON. */
export async function aPageWorld(config: object = {}): Promise<PageWorld> {
  const state = temporaryDirectory();
  const file = join(state.path, 'novella.yaml');
  const names = ['identity', 'compute', 'network', 'image', 'hosts'];
  const free = await freePorts(names.length);
  const ports = Object.fromEntries(names.map((name, at) => [name, free[at]]));
  writeFileSync(file, JSON.stringify({ ...config, ports }));
  const start = () => startConfigured(join(state.path, 'state'), ['--config', file]);
  let novella = await start();
  const browser = await openBrowser();
  const { origin } = new URL(novella.urls.compute);
  const passwordOf = (user: string) =>
    readFileSync(join(novella.stateDir, `${user}-password`), 'utf8').trim();
  return {
    cloud: await Cloud.at(novella),
    browser,
    origin,
    passwordOf,
    get novella() {
      return novella;
    },
    async open(path, view = {}, user = 'admin') {
      const opened = await openPage(browser, origin, view);
      await opened.page.goto(path);
      await signIn(opened.page, user, passwordOf(user));
      return opened;
    },
    async restart() {
      novella = await start();
    },
    async stop() {
      await browser.close();
      await novella.stop();
      state.remove();
    },
  };
}

/**
 * What must hold for each page: nothing that axe finds, no error in the console, no request to
 * elsewhere, and nothing wider than the window. `name`: of the picture that is kept.
 */
export async function expectSound({ page, faults }: WatchedPage, name: string): Promise<void> {
  await keepPicture(page, name);
  expect(await axeFindings(page)).toEqual([]);
  expect(faults).toEqual([]);
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  expect(wide, 'the page scrolls sideways').toBeLessThanOrEqual(0);
}

/** In `reports/page`, to look at. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `reports/page/${name}.png`, fullPage: true });
}
