/** The stock client's commands in the order in which they are run. */
import { flavors, keyPairs } from './flavors.ts';
import { hosts, limits, serverEnd } from './hosts.ts';
import { identity, images, network, preparation } from './other-services.ts';
import type { Section } from './row.ts';
import { serverActions, serverHistory } from './server-actions.ts';
import { serverCreation, serverReading } from './server-creation.ts';

/** Values of OS_COMPUTE_API_VERSION; undefined: unset, the client chooses. */
export const versions = [undefined, '2.1', '2.53', '2.79', '2.96'] as const;

/** Those whose results may depend on the microversion. */
export const commands: readonly Section[] = [
  preparation,
  flavors,
  keyPairs,
  serverCreation,
  serverReading,
  serverActions,
  serverHistory,
  limits,
  hosts,
  serverEnd,
];

/** Of the services beside compute, which have no microversions. */
export const otherServices: readonly Section[] = [identity, network, images];
