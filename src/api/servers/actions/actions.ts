/**
 * The actions of `POST /servers/:id/action`. Those without a handler are not supported. Source:
 * Nova compute API reference, "Servers - run an action".
 */
import { type Route, withBody } from '../../requests/route.ts';
import { splitNames } from '../../requests/split-names.ts';
import * as admin from './admin-acts.ts';
import { consoleBody, showConsole } from './console.ts';
import { emptyBody, guestAct, rebootBody, rebootServer } from './guest-acts.ts';
import * as images from './images.ts';
import * as lock from './lock.ts';
import * as groups from '../parts/security-groups.ts';
import * as moves from './moves.ts';
import { changePassword, passwordBody } from './password.ts';
import { rebuildBody, rebuildServer } from './rebuild.ts';
import { rescueBody, rescueServer } from './rescue.ts';

const action = { method: 'POST', path: '/servers/:id/action', status: 202 } as const;

const ofMembers = splitNames(`
  os-start os-stop reboot pause unpause suspend resume lock unlock rebuild resize
  confirmResize revertResize shelve unshelve rescue unrescue os-getConsoleOutput
  createImage createBackup changePassword forceDelete restore addSecurityGroup
  removeSecurityGroup
`);

const ofAdministrators = splitNames(`
  migrate os-migrateLive evacuate shelveOffload os-resetState injectNetworkInfo
`);

/** Those that are offered. */
const offered: Record<string, Pick<Route, 'body' | 'handler' | 'status'>> = {
  'os-start': withBody(emptyBody('os-start'), guestAct('start')),
  'os-stop': withBody(emptyBody('os-stop'), guestAct('stop')),
  reboot: withBody(rebootBody, rebootServer),
  pause: withBody(emptyBody('pause'), guestAct('pause')),
  unpause: withBody(emptyBody('unpause'), guestAct('unpause')),
  suspend: withBody(emptyBody('suspend'), guestAct('suspend')),
  resume: withBody(emptyBody('resume'), guestAct('resume')),
  lock: withBody(lock.lockBody, lock.lockServer),
  unlock: withBody(admin.anyBody('unlock'), lock.unlockServer),
  rebuild: withBody(rebuildBody, rebuildServer),
  rescue: { status: 200, ...withBody(rescueBody, rescueServer) },
  unrescue: withBody(admin.anyBody('unrescue'), guestAct('unrescue')),
  resize: withBody(moves.resizeBody, moves.resizeServer),
  confirmResize: { status: 204, ...withBody(emptyBody('confirmResize'), moves.confirmResize) },
  shelve: withBody(emptyBody('shelve'), moves.shelveServer),
  shelveOffload: withBody(emptyBody('shelveOffload'), moves.offloadServer),
  unshelve: withBody(moves.unshelveBody, moves.unshelveServer),
  revertResize: withBody(emptyBody('revertResize'), moves.revertResize),
  migrate: withBody(moves.migrateBody, moves.migrateServer),
  'os-migrateLive': withBody(moves.liveBody, moves.migrateLive),
  evacuate: { status: 200, ...withBody(moves.evacuateBody, moves.evacuateServer) },
  createImage: withBody(images.imageBody, images.createImage),
  createBackup: withBody(images.backupBody, images.createBackup),
  changePassword: withBody(passwordBody, changePassword),
  forceDelete: withBody(admin.anyBody('forceDelete'), admin.forceDelete),
  restore: withBody(admin.anyBody('restore'), admin.restoreServer),
  'os-resetState': withBody(admin.resetBody, admin.resetState),
  injectNetworkInfo: withBody(admin.anyBody('injectNetworkInfo'), admin.injectNetworkInfo),
  addSecurityGroup: withBody(groups.addGroupBody, groups.addGroup),
  removeSecurityGroup: withBody(groups.removeGroupBody, groups.removeGroup),
  'os-getConsoleOutput': { status: 200, ...withBody(consoleBody, showConsole) },
};

/** Removed after these minor versions. */
const old: Record<string, number> = {
  addFixedIp: 43,
  removeFixedIp: 43,
  addFloatingIp: 43,
  removeFloatingIp: 43,
  'os-getVNCConsole': 5,
  'os-getSPICEConsole': 5,
  'os-getRDPConsole': 5,
  'os-getSerialConsole': 5,
};

export const serverActions: Route[] = [
  ...ofMembers.map((key): Route => ({ ...action, rule: 'member', action: key, ...offered[key] })),
  ...ofAdministrators.map(
    (key): Route => ({ ...action, rule: 'admin', action: key, ...offered[key] }),
  ),
  ...Object.entries(old).map(
    ([key, to]): Route => ({ ...action, rule: 'member', action: key, to }),
  ),
  {
    ...action,
    rule: 'member',
    action: 'trigger_crash_dump',
    from: 17,
    ...withBody(emptyBody('trigger_crash_dump'), guestAct('crash-dump')),
  },
  {
    ...action,
    rule: 'reader',
    action: 'resetNetwork',
    ...withBody(admin.anyBody('resetNetwork'), admin.resetNetwork),
  },
];
