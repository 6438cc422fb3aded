/**
 * Guests that are sent to another host while they run, and those that come from there. libvirt and
 * QEMU of both hosts are connected through UNIX sockets, which have the same paths on both hosts.
 */
import type {
  Compression,
  LiveMigrations,
  LiveMove,
  MoveProgress,
} from '#contracts/host/movable-guest.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import type { FailedCheck } from '#core/guests/moves/preflight.ts';
import { notReleased } from '#core/guests/moves/unplug-limit.ts';
import { AbortedMove } from '#core/servers/aborted-move.ts';
import type { LibvirtChild } from '../../connection/child-process.ts';
import type { Procedures } from '../../child/child-messages.ts';
import { hasCode, LibvirtError } from '../../connection/libvirt-error.ts';
import { compressionsOf, migrationOf, type MoveLimits } from '../../xml/migration.ts';
import { hardwareOf } from '../../xml/running-hardware.ts';
import { ReleaseLimit } from './release-limit.ts';
import { isStandby } from '../../xml/standby-alias.ts';
import type { Domains } from '../domains.ts';

const readVersions = 'read the version of libvirt';

/**
 * Standing still for this long lets any guest be sent, however fast it writes; QEMU accepts no
 * more.
 */
const anyDowntimeMs = 2_000_000;

export class Migrations implements LiveMigrations {
  readonly #child: LibvirtChild;
  readonly #domains: Domains;
  /** Ids of guests whose newest move was to be aborted. */
  readonly #aborted = new Set<string>();
  readonly #limits: MoveLimits;

  constructor(child: LibvirtChild, domains: Domains, limits: MoveLimits) {
    this.#child = child;
    this.#domains = domains;
    this.#limits = limits;
  }

  async runningXml(id: string): Promise<string | undefined> {
    if (!(await this.#isHere(id))) return undefined;
    return this.#child.call('migratableXml', [id], `read guest ${id}`);
  }

  async check(running: string): Promise<FailedCheck[]> {
    const { machine, virtType, cpu } = hardwareOf(running);
    const failed: FailedCheck[] = [];
    const check = async (name: FailedCheck['check'], needs: Procedures['canRun']['args'][0]) => {
      try {
        await this.#child.call('canRun', [needs], 'check whether a guest can come');
      } catch (error) {
        if (!(error instanceof LibvirtError) || error.isConnectionLost) throw error;
        failed.push({ check: name, why: error.text });
      }
    };
    await check('machine', { machine, virtType, cpu: null });
    // With the newest machine, where the host does not have the guest's.
    if (cpu !== null) {
      await check('cpu', { machine: failed.length === 0 ? machine : null, virtType, cpu });
    }
    return failed;
  }

  async compressions(): Promise<Compression[]> {
    return compressionsOf(await this.#child.call('versions', [], readVersions), this.#limits);
  }

  async ready(): Promise<Compression[]> {
    const versions = await this.#child.call('versionsForMove', [], readVersions);
    return compressionsOf(versions, this.#limits);
  }

  async send(id: string, to: LiveMove): Promise<void> {
    const domain = await this.#domains.known(id);
    if (domain.state !== 'running' && domain.state !== 'paused') {
      throw new ComputeError('conflict', `guest ${domain.name}: cannot be sent, it does not run`);
    }
    if (domain.state === 'paused' && domain.devices.some(isStandby)) {
      throw new ComputeError(
        'conflict',
        `guest ${domain.name}: it is paused, and cannot release the VFs that have standbys: unpause it first`,
      );
    }
    const act = `send guest ${domain.name}`;
    this.#aborted.delete(id);
    const running = await this.#child.call('migratableXml', [id], act);
    const { maxDowntimeMs, maxUnplugS } = this.#limits;
    const migration = migrationOf(running, to, this.#limits);
    const release = new ReleaseLimit(this, id, maxUnplugS * 1_000);
    const stop = this.#child.watch((event) => {
      if (event.what !== 'event' || event.event.id !== id) return;
      if (event.event.what !== 'to-standby') return;
      release.begin();
      to.onStandby?.();
    });
    try {
      if (maxDowntimeMs !== undefined) {
        await this.#child.call('setMaxDowntime', [id, maxDowntimeMs], act);
      }
      await this.#child.call('migrateDomain', [id, migration], act);
    } catch (error) {
      // The call may fail after the guest has gone, as when libvirt's child ends.
      if (!(await this.#isHere(id))) return;
      if (release.isMissed) throw notReleased(domain.name, 'its VFs with standbys', maxUnplugS);
      // libvirt's error differs with what was being sent when it was aborted.
      throw this.#aborted.has(id) ? new AbortedMove(errorText(error)) : error;
    } finally {
      stop();
      release.end();
    }
  }

  async progress(id: string): Promise<MoveProgress | null> {
    const stats = await this.#child.call('jobStats', [id], `read the progress of guest ${id}`);
    if (stats === null) return null;
    const of = (kind: 'memory' | 'disk') => ({
      total: Number(stats[`${kind}_total`] ?? 0),
      processed: Number(stats[`${kind}_processed`] ?? 0),
      remaining: Number(stats[`${kind}_remaining`] ?? 0),
    });
    return { memory: of('memory'), disk: of('disk') };
  }

  async abort(id: string): Promise<void> {
    // Before the call: the move may fail first.
    this.#aborted.add(id);
    await this.end(id);
  }

  /** As `abort`, and not on request. */
  async end(id: string): Promise<void> {
    try {
      await this.#child.call('abortJob', [id], `abort the move of guest ${id}`);
    } catch (error) {
      if (!hasCode(error, 'noDomain', 'operationInvalid')) throw error;
    }
  }

  async force(id: string): Promise<void> {
    try {
      await this.#child.call(
        'setMaxDowntime',
        [id, anyDowntimeMs],
        `force the move of guest ${id}`,
      );
    } catch (error) {
      if (!hasCode(error, 'noDomain', 'operationInvalid')) throw error;
    }
  }

  /** Does it still run here? Throws when that cannot be found out. */
  async #isHere(id: string): Promise<boolean> {
    try {
      return (await this.#domains.find(id))?.isActive === true;
    } catch (error) {
      throw new ComputeError(
        'unavailable',
        `whether guest ${id} has left is unknown: ${errorText(error)}`,
      );
    }
  }
}
