/** How a step is undone when a later one of the same plan fails. */
import type { Step } from './step.ts';

/**
 * Absent: nothing to undo. Checks change nothing, and restoring a recorded device resets all of its
 * VF's settings.
 */
type Undos = { [Kind in Step['do']]?: (step: Extract<Step, { do: Kind }>) => Step };

const undos: Undos = {
  'record-device': ({ device, guestId }) => ({ do: 'restore-device', device, guestId }),
  'make-bridge': ({ guestId, portId }) => ({ do: 'release-bridge', guestId, portId }),
  'make-tap': ({ guestId, portId }) => ({ do: 'remove-tap', guestId, portId }),
  pause: ({ guestId }) => ({ do: 'unpause', guestId }),
  'copy-disk': ({ guestId, imageId }) => ({ do: 'drop-copy', guestId, imageId }),
  'prepare-files': ({ guest }) => ({ do: 'remove-files', guestId: guest.id }),
  'prefetch-files': ({ guest }) => ({ do: 'remove-files', guestId: guest.id }),
  'fetch-files': ({ guest }) => ({ do: 'remove-files', guestId: guest.id }),
  define: ({ guest }) => ({ do: 'undefine', guestId: guest.id }),
  start: ({ guestId }) => ({ do: 'destroy', guestId }),
  'connect-hosts': ({ guest }) => ({ do: 'end-transfer', guestId: guest.id }),
  'detach-nic': ({ guestId, nic }) => ({ do: 'attach-nic', guestId, nic }),
  'attach-nic': ({ guestId, nic }) => ({ do: 'detach-nic', guestId, nic }),
};

/**
 * The step that undoes this one, or undefined where none is needed. Example: make-bridge →
 * release-bridge of the same port.
 */
export function undoStep(step: Step): Step | undefined {
  return (undos[step.do] as ((step: Step) => Step) | undefined)?.(step);
}
