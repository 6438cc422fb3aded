/**
 * Numbers of libvirt's API that Novella uses. Source: libvirt/libvirt-domain.h,
 * libvirt/libvirt-nodedev.h, libvirt/virterror.h.
 */

export const domainState = {
  running: 1,
  blocked: 2,
  paused: 3,
  shutDown: 4,
  shutOff: 5,
  crashed: 6,
  pmSuspended: 7,
} as const;

export const lifecycleEvent = {
  defined: 0,
  undefined: 1,
  started: 2,
  suspended: 3,
  resumed: 4,
  stopped: 5,
  shutdown: 6,
  pmSuspended: 7,
  crashed: 8,
} as const;

/** Details of `stopped` and `defined`. */
export const lifecycleDetail = { stoppedSaved: 4, definedAdded: 0 } as const;

export const eventId = { lifecycle: 0, reboot: 1, deviceRemoved: 15, deviceRemovalFailed: 22 };

export const nodeDeviceEventId = { lifecycle: 0, update: 1 };

/** Which node devices are listed. Source: libvirt/libvirt-nodedev.h. */
export const listNodeDevices = { pci: 2, net: 16 } as const;

export const affect = { live: 1, config: 2 } as const;

export const xmlFlag = { inactive: 2, migratable: 8 } as const;

/** Source: `virDomainMigrateFlags`. */
export const migrateFlag = {
  live: 1,
  peerToPeer: 2,
  undefineSource: 16,
  copyDisks: 64,
  copyTopLayer: 128,
  unsafe: 512,
  compressed: 2048,
  abortOnError: 4096,
  autoConverge: 8192,
  parallel: 131_072,
} as const;

export const startFlag = { forceBoot: 8 } as const;

/**
 * Removes the memory image, snapshots, firmware variables and checkpoints with the domain, where
 * they exist.
 */
export const undefineFlags = 1 | 2 | 4 | 16;

/** Balloon, virtual CPUs, interfaces and disks. Source: `virDomainStatsTypes`. */
export const statGroups = 4 | 8 | 16 | 32;

/**
 * What a busy guest does not answer at once is left out. Source:
 * `VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT`.
 */
export const statsNoWait = 2 ** 29;

/** The saved guest runs when restored, regardless of its earlier state. */
export const saveRunning = 2;

export const metadataElement = 2;

export const errorCode = {
  noSupport: 3,
  operationFailed: 9,
  noDomain: 42,
  noNetwork: 43,
  noNodeDevice: 53,
  operationInvalid: 55,
  resourceBusy: 87,
  deviceMissing: 99,
} as const;

/** The part of libvirt that an error comes from. */
export const errorDomain = { rpc: 7 } as const;
