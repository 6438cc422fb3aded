/**
 * The actions of `POST /servers/:id/action`. Those without a handler are not supported. Source:
 * Nova compute API reference, "Servers - run an action".
 */
import { type Route, type RouteRule, withBody } from '../../requests/route.ts';
import * as addresses from './addresses.ts';
import * as admin from './admin-acts.ts';
import { consoleActions } from './remote-consoles.ts';
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
const servers = 'os_compute_api:servers';
const { migration, 'live-migration': liveMigration } = moves.migrationRules;

/** The rule of each. */
const rules: Record<string, RouteRule> = {
  'os-start': `${servers}:start`,
  'os-stop': `${servers}:stop`,
  reboot: `${servers}:reboot`,
  pause: 'os_compute_api:os-pause-server:pause',
  unpause: 'os_compute_api:os-pause-server:unpause',
  suspend: 'os_compute_api:os-suspend-server:suspend',
  resume: 'os_compute_api:os-suspend-server:resume',
  lock: 'os_compute_api:os-lock-server:lock',
  unlock: 'os_compute_api:os-lock-server:unlock',
  rebuild: `${servers}:rebuild`,
  resize: `${servers}:resize`,
  confirmResize: `${servers}:confirm_resize`,
  revertResize: `${servers}:revert_resize`,
  shelve: 'os_compute_api:os-shelve:shelve',
  unshelve: 'os_compute_api:os-shelve:unshelve',
  shelveOffload: 'os_compute_api:os-shelve:shelve_offload',
  rescue: 'os_compute_api:os-rescue',
  unrescue: 'os_compute_api:os-unrescue',
  'os-getConsoleOutput': 'os_compute_api:os-console-output',
  createImage: `${servers}:create_image`,
  createBackup: 'os_compute_api:os-create-backup',
  changePassword: 'os_compute_api:os-admin-password',
  forceDelete: 'os_compute_api:os-deferred-delete:force',
  restore: 'os_compute_api:os-deferred-delete:restore',
  addSecurityGroup: 'os_compute_api:os-security-groups:add',
  removeSecurityGroup: 'os_compute_api:os-security-groups:remove',
  migrate: [migration.anywhere, migration.toHost],
  'os-migrateLive': [liveMigration.anywhere, liveMigration.toHost],
  evacuate: 'os_compute_api:os-evacuate',
  'os-resetState': 'os_compute_api:os-admin-actions:reset_state',
  injectNetworkInfo: 'os_compute_api:os-admin-actions:inject_network_info',
};

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
  addFixedIp: withBody(addresses.addAddressBody, addresses.addAddress),
  removeFixedIp: withBody(addresses.removeAddressBody, addresses.removeAddress),
  'os-getConsoleOutput': { status: 200, ...withBody(consoleBody, showConsole) },
};

/** Removed after these minor versions. */
const old: Record<string, [rule: RouteRule, to: number]> = {
  addFixedIp: ['os_compute_api:os-multinic:add', 43],
  removeFixedIp: ['os_compute_api:os-multinic:remove', 43],
  addFloatingIp: ['os_compute_api:os-floating-ips:add', 43],
  removeFloatingIp: ['os_compute_api:os-floating-ips:remove', 43],
};

export const serverActions: Route[] = [
  ...Object.entries(rules).map(
    ([key, rule]): Route => ({ ...action, rule, action: key, ...offered[key] }),
  ),
  ...Object.entries(old).map(
    ([key, [rule, to]]): Route => ({ ...action, rule, action: key, to, ...offered[key] }),
  ),
  ...consoleActions.map(
    (row): Route => ({ ...action, rule: 'os_compute_api:os-remote-consoles', to: 5, ...row }),
  ),
  {
    ...action,
    rule: `${servers}:trigger_crash_dump`,
    action: 'trigger_crash_dump',
    from: 17,
    ...withBody(emptyBody('trigger_crash_dump'), guestAct('crash-dump')),
  },
  {
    ...action,
    rule: 'signed-in',
    action: 'resetNetwork',
    ...withBody(admin.anyBody('resetNetwork'), admin.resetNetwork),
  },
];
