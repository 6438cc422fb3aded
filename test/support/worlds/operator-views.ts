/** Documents of the operator API, as the commands get them. */
import type { ControllerStatus, HostView } from '#client/operator-api.ts';

/** A host that is well: host-1 with three guests and ten free devices. */
export function aHostView(change: Partial<HostView> = {}): HostView {
  return {
    name: 'host-1',
    state: 'up',
    status: 'enabled',
    host_ip: '192.0.2.1',
    vcpus: 8,
    memory_mb: 16_384,
    last_seen_at: '2026-01-02T03:04:05Z',
    running_guests: 3,
    devices_free: 10,
    problems: [],
    ...change,
  };
}

/** A controller with room on its disk and nothing to do. */
export function aControllerStatus(change: Partial<ControllerStatus> = {}): ControllerStatus {
  const disk = {
    uses: ['state', 'images'],
    free_bytes: 80 * 1024 ** 3,
    size_bytes: 100 * 1024 ** 3,
  };
  return {
    disks: [disk],
    tasks: { running: 0, queued: 0, waiting: 0, host: 0, oldest: [] },
    ...change,
  };
}
