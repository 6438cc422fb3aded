/**
 * Every migration, in order. A released migration never changes; add a new one instead. `.online`
 * at the end of a name: controllers of the version before may run with it.
 */
import type { Migration } from 'kysely/migration';
import { compute } from './0001-compute.ts';
import { pciDeviceRequestId } from './0002-pci-device-request-id.ts';
import { embeddedServices } from './0003-embedded-services.ts';
import { numa } from './0004-numa.ts';
import { enrolledHosts } from './0006-enrolled-hosts.ts';
import { serverGroups } from './0005-server-groups.ts';
import { hostProblems } from './0007-host-problems.ts';
import { networkEvents } from './0008-network-events.ts';
import { portBindings } from './0009-port-bindings.ts';
import { liveServers } from './0010-live-servers.ts';
import { flavorAccess } from './0011-flavor-access.ts';
import { hostNumbers } from './0012-host-numbers.ts';
import { earlySchemas } from './0013-early-schemas.ts';
import { lists } from './0014-lists.ts';
import { imageMembers } from './0015-image-members.ts';
import { networkTags } from './0016-network-tags.ts';
import { hostsByNumber } from './0017-hosts-by-number.ts';
import { taskVersions } from './0018-task-versions.ts';
import { interfaceNeed } from './0019-interface-need.ts';
import { hostChanges } from './0020-host-changes.ts';
import { pruning } from './0021-pruning.ts';
import { freeAddresses } from './0022-free-addresses.ts';
import { addressKeys } from './0023-address-keys.ts';
import { moves } from './0024-moves.ts';
import { keysAndQuotas } from './0025-keys-and-quotas.ts';
import { lockedBy } from './0026-locked-by.ts';
import { aggregates } from './0027-aggregates.ts';
import { identityAccounts } from './0028-identity-accounts.ts';
import { shelvedImages } from './0031-shelved-images.ts';
import { consoleTokens } from './0032-console-tokens.ts';
import { openResizes } from './0034-open-resizes.ts';
import { networkQuotas } from './0035-network-quotas.ts';
import { deletedImages } from './0036-deleted-images.ts';
import { hostCertificates } from './0037-host-certificates.ts';
import { fewerPages } from './0041-fewer-pages.ts';
import { deviceEvents } from './0045-device-events.ts';
import { requestsOfServer } from './0046-requests-of-server.ts';
import { controllers } from './0048-controllers.ts';
import { sharedStorage } from './0047-shared-storage.ts';
import { noNullCharacters } from './0054-no-null-characters.ts';
import { hotTables } from './0057-hot-tables.ts';
import { requestIds } from './0060-request-ids.ts';

export const migrations: Record<string, Migration> = {
  '0001-compute': compute,
  '0002-pci-device-request-id': pciDeviceRequestId,
  '0003-embedded-services': embeddedServices,
  '0004-numa': numa,
  '0005-server-groups': serverGroups,
  '0006-enrolled-hosts': enrolledHosts,
  '0007-host-problems': hostProblems,
  '0008-network-events': networkEvents,
  '0009-port-bindings': portBindings,
  '0010-live-servers': liveServers,
  '0011-flavor-access': flavorAccess,
  '0012-host-numbers': hostNumbers,
  '0013-early-schemas': earlySchemas,
  '0014-lists': lists,
  '0015-image-members': imageMembers,
  '0016-network-tags': networkTags,
  '0017-hosts-by-number': hostsByNumber,
  '0018-task-versions': taskVersions,
  '0019-interface-need': interfaceNeed,
  '0020-host-changes': hostChanges,
  '0021-pruning': pruning,
  '0022-free-addresses': freeAddresses,
  '0023-address-keys': addressKeys,
  '0024-moves': moves,
  '0025-keys-and-quotas': keysAndQuotas,
  '0026-locked-by': lockedBy,
  '0027-aggregates': aggregates,
  '0028-identity-accounts': identityAccounts,
  '0031-shelved-images': shelvedImages,
  '0032-console-tokens': consoleTokens,
  '0034-open-resizes': openResizes,
  '0035-network-quotas': networkQuotas,
  '0036-deleted-images': deletedImages,
  '0037-host-certificates': hostCertificates,
  '0041-fewer-pages': fewerPages,
  '0045-device-events': deviceEvents,
  '0046-requests-of-server': requestsOfServer,
  '0048-controllers': controllers,
  '0047-shared-storage': sharedStorage,
  '0054-no-null-characters': noNullCharacters,
  '0057-hot-tables.online': hotTables,
  '0060-request-ids.online': requestIds,
};
