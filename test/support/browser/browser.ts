/** A real browser for tests of the page: Debian's chromium. */
import AxeBuilder from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const browserPath = '/usr/bin/chromium';

/** The tests run as root in places without user namespaces, where its sandbox cannot. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
}

export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  /** Errors of the console, exceptions, and requests to another origin. */
  faults: string[];
}

export interface View {
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
}

/** A page of a browser of its own. */
export async function openPage(
  browser: Browser,
  origin: string,
  { width = 1440, height = 900, theme = 'light' }: View = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    baseURL: origin,
    viewport: { width, height },
    colorScheme: theme,
    // The tests' own authority is not one of the browser's.
    ignoreHTTPSErrors: true,
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`requested ${request.url()}`);
  });
  return { page, context, faults };
}

/** What axe finds, with no rule switched off. The page's policy permits no inline script. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(AxeBuilder.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof AxeBuilder }).axe.run(),
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
  );
}

/** `project`: absent for the one with the user's name. */
export async function signIn(
  page: Page,
  user: string,
  password: string,
  project = '',
): Promise<void> {
  await page.getByLabel('User', { exact: true }).fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Project', { exact: true }).fill(project);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Novella' }).waitFor();
}
