/** Detects changes on the PCI bus by polling a few files: no netlink, no program that could die. */
import { join } from 'node:path';
import { netFolders } from './reading/read-interfaces.ts';
import { listFolder, readText } from './reading/sysfs-files.ts';

/** The poll interval; well below the two seconds in which a change must be detected. */
const pollMs = 1_000;

/**
 * Calls the listener after each poll that differs from the one before, until stopped. Detects
 * functions and interfaces that are added or removed, and carriers of PFs. `npm run bench -- host`
 * measures the cost of a poll.
 */
export function watchSysfs(root: string, listener: () => void): () => void {
  const read = sysfsReader(root);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let before: string | undefined;
  const readAgain = async (): Promise<void> => {
    const now = await read();
    if (stopped) return;
    if (before !== undefined && before !== now) listener();
    before = now;
    timer = setTimeout(() => void readAgain(), pollMs);
    timer.unref();
  };
  void readAgain();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/**
 * Returns the current state as one text: two listings, and two small files per PF. The PFs are
 * determined only when functions have been added or removed.
 */
export function sysfsReader(root: string): () => Promise<string> {
  const devices = join(root, 'bus/pci/devices');
  let known = '';
  let pfs: string[] = [];
  return async () => {
    const [functions, interfaces] = await Promise.all([
      listFolder(devices),
      listFolder(join(root, 'class/net')),
    ]);
    const names = functions.sort().join(' ');
    if (names !== known) pfs = await pfsAmong(devices, functions);
    known = names;
    const links = await Promise.all(pfs.map((pf) => linksOf(join(devices, pf))));
    return [names, interfaces.sort().join(' '), ...links].join('\n');
  };
}

async function pfsAmong(devices: string, functions: readonly string[]): Promise<string[]> {
  const totals = await Promise.all(
    functions.map((name) => readText(join(devices, name, 'sriov_totalvfs'))),
  );
  return functions.filter((_, at) => totals[at] !== undefined);
}

/** The interfaces of a PF with state and carrier. */
async function linksOf(folder: string): Promise<string> {
  const nets = await netFolders(folder);
  const names = await Promise.all(
    nets.map(async (net) => (await listFolder(join(folder, net))).map((name) => join(net, name))),
  );
  const states = await Promise.all(
    names
      .flat()
      .sort()
      .map(async (name) => {
        const [state, carrier] = await Promise.all([
          readText(join(folder, name, 'operstate')),
          readText(join(folder, name, 'carrier')),
        ]);
        return `${name} ${state} ${carrier}`;
      }),
  );
  return states.join(' ');
}
