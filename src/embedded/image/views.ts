/** What Glance shows of an image, and its version list. */
import { viewTime } from '../view-time.ts';
import type { ImageMember, StoredImage } from '#contracts/store/image-store.ts';
import { virtualSize } from './lists/image-filters.ts';

export type View = Record<string, unknown>;

export function viewImage(image: StoredImage): View {
  const path = `/v2/images/${image.id}`;
  return {
    ...image.properties,
    id: image.id,
    name: image.name,
    status: image.status,
    visibility: image.visibility,
    owner: image.projectId,
    disk_format: image.diskFormat,
    container_format: image.containerFormat,
    size: image.sizeBytes,
    virtual_size: virtualSize(image),
    checksum: image.md5,
    os_hash_algo: image.sha512 === null ? null : 'sha512',
    os_hash_value: image.sha512,
    min_disk: image.minDiskGib,
    min_ram: image.minMemoryMib,
    protected: image.isProtected,
    os_hidden: image.isHidden,
    tags: image.tags,
    created_at: viewTime(image.createdAt),
    updated_at: viewTime(image.updatedAt),
    self: path,
    file: `${path}/file`,
    schema: '/v2/schemas/image',
  };
}

/** A member as Glance shows it. */
export function viewMember(member: ImageMember): View {
  return {
    member_id: member.memberId,
    image_id: member.imageId,
    status: member.status,
    created_at: viewTime(member.createdAt),
    updated_at: viewTime(member.updatedAt),
    schema: '/v2/schemas/member',
  };
}

/** Minor versions up to the last whose features are here: hashes of several kinds are 2.8. */
const newestMinor = 9;

export function viewVersions(baseUrl: string) {
  const links = [{ rel: 'self', href: `${baseUrl}/v2/` }];
  const versions = Array.from({ length: newestMinor + 1 }, (_, index) => ({
    id: `v2.${newestMinor - index}`,
    status: index === 0 ? 'CURRENT' : 'SUPPORTED',
    links,
  }));
  return { versions };
}
