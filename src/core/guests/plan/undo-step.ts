/** How a step is undone when a later one of the same plan fails. */
import type { Step } from './step.ts';

/**
 * Absent: nothing is to be undone. Looking changes nothing, and a recorded device takes all of its
 * VF's settings back.
 */
type Undos = { [Word in Step['do']]?: (step: Extract<Step, { do: Word }>) => Step };

const undos: Undos = {
  'record-device': ({ device, guestId }) => ({ do: 'restore-device', device, guestId }),
  'make-bridge': ({ guestId, portId }) => ({ do: 'release-bridge', guestId, portId }),
  'make-tap': ({ guestId, portId }) => ({ do: 'remove-tap', guestId, portId }),
  'prepare-files': ({ guest }) => ({ do: 'remove-files', guestId: guest.id }),
  define: ({ guest }) => ({ do: 'undefine', guestId: guest.id }),
  start: ({ guestId }) => ({ do: 'destroy', guestId }),
  'attach-nic': ({ guestId, nic }) => ({ do: 'detach-nic', guestId, nic }),
};

/**
 * The step that takes this one back, or undefined where none is needed. Example: make-bridge →
 * release-bridge of the same port.
 */
export function undoStep(step: Step): Step | undefined {
  return (undos[step.do] as ((step: Step) => Step) | undefined)?.(step);
}
