/** What became of a device, newest first. */
import type { DeviceEventView } from '#client/shapes/host-tree.ts';
import { dayTime } from '../parts/time.ts';

const words: Record<DeviceEventView['event'], string> = {
  given: 'given to a server',
  released: 'released',
  missing: 'missing on its host',
  returned: 'found again',
  quarantined: 'quarantined',
  cleared: 'may be given again',
};

export function DeviceHistory({ events }: { events: readonly DeviceEventView[] }) {
  if (events.length === 0)
    return <p class="muted">No server has had it in the time that is kept.</p>;
  return (
    <ol class="history">
      {events.map((event) => (
        <li key={event.id}>
          <time dateTime={event.at}>{dayTime(event.at)}</time>
          <div>
            <strong>{words[event.event]}</strong>
            {event.network !== null && ` on ${event.network}`}
            {event.vlan !== null && `, VLAN ${event.vlan}`}
            {event.detail !== null && <p>{event.detail}</p>}
            {event.mac_address !== null && (
              <p>
                <code>{event.mac_address}</code>
              </p>
            )}
            {event.server_id !== null && (
              <p class="muted">
                Server{' '}
                <a href={`/ui/servers/${event.server_id}`}>
                  <code>{event.server_id}</code>
                </a>
              </p>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}
