/**
 * An agent's work on its host: discovering functions in a described sysfs, and checking whether
 * anything has changed.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { sysfsReader } from '#integrations/sysfs/watch.ts';
import { printFigure } from './figure.ts';
import { median } from './statistics.ts';

const pfs = 8;
const vfsPerPf = 128;
const runs = 11;

/** Prints `host.discover_ms` and `host.look_ms`: medians, with 8 PFs of 128 VFs each. */
export async function host(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'novella-bench-'));
  try {
    describeSysfs(root);
    const bus = new SysfsPciBus({ root });
    const read = sysfsReader(root);
    await read();
    const details = { vfs: pfs * vfsPerPf, pfs, runs };
    const discovering = await timesOf(() => bus.listFunctions());
    printFigure({ figure: 'host.discover_ms', value: discovering, unit: 'ms', ...details });
    printFigure({ figure: 'host.look_ms', value: await timesOf(read), unit: 'ms', ...details });
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function timesOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

/** Files and links as the kernel shows them, as far as Novella reads them. */
function describeSysfs(root: string): void {
  const functions = describedFunctions(
    Array.from({ length: pfs }, (_, at) => ({
      kind: 'PF' as const,
      bus: (0x10 + at).toString(16),
      vfs: vfsPerPf,
    })),
  );
  const devices = join(root, 'bus/pci/devices');
  const classNet = join(root, 'class/net');
  mkdirSync(classNet, { recursive: true });
  for (const { address, vendorId, productId, parentAddress, ifname, macAddress } of functions) {
    const folder = join(devices, address);
    const net = join(folder, 'net', ifname ?? '');
    mkdirSync(net, { recursive: true });
    const write = (path: string, text: string) => writeFileSync(path, `${text}\n`);
    write(join(folder, 'vendor'), `0x${vendorId}`);
    write(join(folder, 'device'), `0x${productId}`);
    write(join(folder, 'class'), '0x020000');
    write(join(folder, 'numa_node'), '0');
    write(join(net, 'address'), macAddress ?? '02:00:00:00:00:01');
    write(join(net, 'operstate'), 'up');
    write(join(net, 'carrier'), '1');
    symlinkSync(net, join(classNet, ifname ?? ''));
    if (parentAddress === null) {
      write(join(folder, 'sriov_totalvfs'), String(vfsPerPf));
      write(join(folder, 'sriov_numvfs'), String(vfsPerPf));
    } else {
      symlinkSync(`../${parentAddress}`, join(folder, 'physfn'));
      const number = functions
        .filter((fn) => fn.parentAddress === parentAddress)
        .findIndex((fn) => fn.address === address);
      symlinkSync(`../${address}`, join(devices, parentAddress, `virtfn${number}`));
    }
  }
}
