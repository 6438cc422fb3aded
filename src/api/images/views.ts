/**
 * An image as the compute API shows it. Source: Nova's API before 2.36, "Images" and "List images".
 */
import type { Image } from '#contracts/services/images.ts';
import { isSet } from '../requests/fields.ts';
import { atSecond, linksTo } from '../requests/links.ts';
import type { View } from '../requests/microversions.ts';
import type { Call } from '../requests/route.ts';

export function viewImageBriefly(call: Call, { id, name }: Image): View {
  return { id, name, links: imageLinks(call, id) };
}

export function viewImage(call: Call, image: Image): View {
  const { properties, status } = image;
  const { auto_disk_config: autoDiskConfig, instance_uuid: server } = properties;
  return {
    ...viewImageBriefly(call, image),
    minRam: image.minMemoryMib,
    minDisk: image.minDiskGib,
    metadata: properties,
    created: atSecond(image.createdAt),
    updated: atSecond(image.updatedAt),
    status: statuses[status] ?? 'UNKNOWN',
    progress: progress[status] ?? 0,
    'OS-EXT-IMG-SIZE:size': image.sizeBytes,
    ...(autoDiskConfig !== undefined && {
      'OS-DCF:diskConfig': isSet(autoDiskConfig) ? 'AUTO' : 'MANUAL',
    }),
    ...(server !== undefined && {
      server: { id: server, links: linksTo(call, 'servers', server) },
    }),
  };
}

/** By the status that Glance has. */
const statuses: Record<string, string> = {
  active: 'ACTIVE',
  queued: 'SAVING',
  saving: 'SAVING',
  killed: 'ERROR',
  deleted: 'DELETED',
  pending_delete: 'DELETED',
};

const progress: Record<string, number> = { queued: 25, saving: 50, active: 100 };

/** The third one leads to the image service. */
function imageLinks(call: Call, id: string): object[] {
  return [
    ...linksTo(call, 'images', id),
    {
      rel: 'alternate',
      type: 'application/vnd.openstack.image',
      href: `${call.context.imageUrl()}/images/${id}`,
    },
  ];
}
