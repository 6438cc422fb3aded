/** Two hosts with libvirt on this machine, of one cluster, between which guests move. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { executeCommand } from '#agent/commands/execute-command.ts';
import { type HostParts, hostParts } from '#agent/host-parts.ts';
import type { CommandResult, HostCommandBody } from '#contracts/host/host-link.ts';
import { hostUri } from '#core/host-identity/certificate-names.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { freeBytesOf } from '#integrations/guest-files/disk-space.ts';
import { HostGuestFiles } from '#integrations/guest-files/guest-files.ts';
import { HostTransfer } from '#integrations/guest-transfer/host-transfer.ts';
import type { PeerIdentity } from '#integrations/guest-transfer/peer-identity.ts';
import type { MoveLimits } from '#integrations/libvirt/xml/migration.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/domains/hypervisor.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { type Authority, makeAuthority } from '../tls/authority.ts';
import { type DescribedImages, describedImages } from '../images/image-source.ts';
import { silentLog } from '../silent-log.ts';
import { LibvirtHost } from '../hosts/libvirt-host.ts';
import { makeSmallLinux } from '../hosts/small-linux.ts';

export interface MovingHost {
  name: string;
  host: LibvirtHost;
  hypervisor: LibvirtHypervisor;
  transfer: HostTransfer;
  files: HostGuestFiles;
  parts: HostParts;
  identity: PeerIdentity;
  /** What it is like, for its checks. `freeBytes` null: as it is. */
  conditions: { clockAheadMs: number; freeBytes: number | null };
  execute: (body: HostCommandBody) => Promise<CommandResult>;
}

export interface MovingHosts {
  one: MovingHost;
  other: MovingHost;
  images: DescribedImages;
  authority: Authority;
  stop(): Promise<void>;
}

/**
 * `content`: of the image `disk`. The images `kernel` and `ramdisk` are the small Linux. `moves`: of
 * both hosts. `storage`: the files of their guests are in one folder, as both
 * have declared, or without their knowledge.
 */
export async function movingHosts(
  content: Uint8Array,
  { moves, storage }: { moves?: MoveLimits; storage?: 'declared' | 'undeclared' } = {},
): Promise<MovingHosts> {
  const authority = makeAuthority('cluster');
  const hosts = [await LibvirtHost.start(), await LibvirtHost.start()];
  const [first] = hosts;
  const linux = makeSmallLinux(first?.libvirtd.folder ?? '');
  const images = describedImages({
    disk: { content },
    kernel: { content: readFileSync(linux.kernel), diskFormat: 'aki' },
    ramdisk: { content: readFileSync(linux.ramdisk), diskFormat: 'ari' },
  });
  const [one, other] = await Promise.all(
    hosts.map((host, at) => {
      const name = `host-${at + 1}`;
      const owner = storage === 'declared' ? 'storage 1' : `host ${name}`;
      const shared = storage === undefined ? undefined : first;
      return movingHost(host, name, { authority, images, moves, owner, shared });
    }),
  );
  if (one === undefined || other === undefined) throw new Error('two hosts are needed');
  return {
    ...{ one, other, images, authority },
    async stop() {
      for (const { transfer, host } of [one, other]) {
        await transfer.close();
        await host.clear();
        await host.stop();
      }
    },
  };
}

async function movingHost(
  host: LibvirtHost,
  name: string,
  {
    authority,
    images,
    moves,
    owner,
    shared = host,
  }: {
    authority: Authority;
    images: DescribedImages;
    moves: MoveLimits | undefined;
    owner: string;
    shared: LibvirtHost | undefined;
  },
): Promise<MovingHost> {
  const { libvirtd } = host;
  const { guestsDirectory, folder } = shared.libvirtd;
  const conditions: MovingHost['conditions'] = { clockAheadMs: 0, freeBytes: null };
  const hypervisor = await host.hypervisor({
    guestsDirectory,
    ...(moves !== undefined && { moves }),
  });
  const { cert: certificate, key } = authority.sign({ subject: `URI:${hostUri(name)}` });
  const identity = { certificate, key, authority: authority.cert };
  const files = new HostGuestFiles({
    directory: guestsDirectory,
    owner,
    imageDirectory: join(folder, 'images', name),
    images,
    freeBytes: async (folder) => conditions.freeBytes ?? freeBytesOf(folder),
  });
  mkdirSync(join(libvirtd.folder, 'run', 'moves'));
  const transfer = new HostTransfer({
    ...{ address: '127.0.0.1', port: 0, identity: async () => identity, files, hypervisor },
    migrations: hypervisor.migrations,
    libvirtSocket: join(libvirtd.folder, 'run', 'libvirt-sock'),
    sockets: { here: join(libvirtd.folder, 'run', 'moves'), forLibvirt: '/run/libvirt/moves' },
    now: () => Date.now() + conditions.clockAheadMs,
    log: silentLog,
  });
  const machine = simulatedHost(name, []);
  const parts = hostParts({
    ...{ host: name, hostIp: '127.0.0.1', hypervisor, guestFiles: files, transfer },
    pciBus: new SimulatedPciBus({ host: machine, listGuests: async () => [] }),
    ...{ bridges: new SimulatedBridges({ host: name }), taps: new SimulatedTaps() },
    links: new SimulatedLinks(machine),
    memory: new SimulatedMemory(),
    ...{ deviceSpecs: [], bridgedNetworks: [], journal: memoryJournal() },
    ...{ log: silentLog, heartbeatMs: 10_000 },
  });
  const execute = (body: HostCommandBody) => executeCommand(parts, body);
  return { name, host, hypervisor, transfer, files, parts, identity, conditions, execute };
}
