/** Buttons for actions on hosts, each of which opens its question. */
import { useState } from 'preact/hooks';
import { ActionDialog } from './action-dialog.tsx';
import type { HostAction } from './host-actions.ts';

interface ActionButtonsProps {
  actions: readonly HostAction[];
  onDone: (action: HostAction) => void;
}

export function ActionButtons({ actions, onDone }: ActionButtonsProps) {
  const [asked, setAsked] = useState<HostAction>();
  const [done, setDone] = useState('');
  return (
    <>
      <div class="buttons actions">
        {actions.map((action) => (
          <button
            key={action.key}
            type="button"
            aria-haspopup="dialog"
            onClick={() => {
              setDone('');
              setAsked(action);
            }}
          >
            {action.label}
          </button>
        ))}
        <span role="status">{done}</span>
      </div>
      {asked !== undefined && (
        <ActionDialog
          action={asked}
          onDone={() => {
            setDone(asked.done);
            onDone(asked);
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}
