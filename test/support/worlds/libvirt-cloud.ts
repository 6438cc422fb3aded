/** A whole Novella in this process whose one host is a libvirtd of the test's own. */
import { join } from 'node:path';
import { type Config, freePorts, readConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { silentLog } from '../silent-log.ts';
import { Cloud } from './cloud.ts';
import type { LibvirtHost } from '../hosts/libvirt-host.ts';

export async function startLibvirtCloud(
  host: LibvirtHost,
): Promise<{ running: AllInOne; cloud: Cloud }> {
  const standard = readConfig();
  const libvirt = { ...standard.host.libvirt, uri: host.libvirtd.uri, virtType: 'qemu' as const };
  const config: Config = {
    ...standard,
    stateDir: join(host.libvirtd.folder, 'state'),
    ports: freePorts,
    host: { ...standard.host, name: 'hv1', deviceSpec: [], libvirt },
    libvirt: true,
  };
  const running = await startAllInOne(config, silentLog);
  return { running, cloud: await Cloud.at(running) };
}
