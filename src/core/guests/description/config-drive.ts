/**
 * The config drive: gives a guest its name, addresses and user data without a metadata service.
 * Source: Nova "Config drives".
 */
import type { Server, ServerNic } from '../../servers/server.ts';
import type { DriveFile } from './guest.ts';
import { metaData } from './meta-data.ts';
import { networkData } from './network-data.ts';

/** The label by which a guest finds it. */
export const configDriveLabel = 'config-2';

/**
 * `latest` is what guests read; those that need a version use the newest with this content. Source:
 * cloud-init `OS_VERSIONS`.
 */
const versions = ['latest', '2018-08-27'];

/**
 * Does this server have one? Without it a server with a VF would get neither address nor VLAN: its
 * network has no metadata service.
 */
export function hasConfigDrive(
  server: Pick<Server, 'configDrive' | 'imageProperties'> & {
    nics: readonly Pick<ServerNic, 'pciRequestId'>[];
  },
): boolean {
  return (
    server.configDrive ||
    server.imageProperties['img_config_drive'] === 'mandatory' ||
    server.nics.some(({ pciRequestId }) => pciRequestId !== null)
  );
}

/**
 * Its files. A NIC that is not bound is left out. Example paths: `openstack/latest/meta_data.json`,
 * `openstack/latest/user_data` (only when there is any).
 */
export function configDriveFiles(server: Server, zone: string): DriveFile[] {
  const vifs = server.nics
    .toSorted((a, b) => a.position - b.position)
    .flatMap(({ vif }) => vif ?? []);
  const meta = metaData(server, vifs, zone);
  const network = networkData(vifs);
  return versions.flatMap((version) => {
    const json = (name: string, content: object): DriveFile => ({
      path: `openstack/${version}/${name}`,
      content: JSON.stringify(content),
      encoding: 'utf8',
    });
    const files = [
      json('meta_data.json', meta),
      json('network_data.json', network),
      json('vendor_data.json', {}),
    ];
    if (server.userData === null) return files;
    const path = `openstack/${version}/user_data`;
    return [...files, { path, content: server.userData, encoding: 'base64' }];
  });
}
