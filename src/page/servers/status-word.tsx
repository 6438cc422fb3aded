/** The status of a server as the API names it, and the task that is running. */
import type { ServerDetail } from '../data/compute.ts';

export function StatusWord({ server }: { server: ServerDetail }) {
  const task = server['OS-EXT-STS:task_state'];
  return (
    <>
      <span class={server.status === 'ERROR' ? 'alarm error-word' : undefined}>
        {server.status}
      </span>
      {task !== null && <small> {task.replaceAll('_', ' ')}</small>}
    </>
  );
}
