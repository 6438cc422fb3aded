/** A question before something is done with a host; what follows from it, and what was answered. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { NewEnrolmentView } from '#client/shapes/hosts.ts';
import { checkSession } from '../data/session.ts';
import { Message } from '../parts/message.tsx';
import { EnrolmentToken } from './enrolment-token.tsx';
import type { HostAction } from './host-actions.ts';
import './host-actions.css';

interface ActionDialogProps {
  action: HostAction;
  /** It was done; the dialog may still show a token. */
  onDone: () => void;
  onClose: () => void;
}

export function ActionDialog({ action, onDone, onClose }: ActionDialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const [token, setToken] = useState<NewEnrolmentView>();
  useEffect(() => box.current?.showModal(), []);
  const close = () => box.current?.close();
  return (
    <dialog
      class="action"
      ref={box}
      aria-labelledby="action-title"
      onClose={onClose}
      // A token is not shown again: Escape alone does not close it.
      onCancel={(event) => token !== undefined && event.preventDefault()}
    >
      {token === undefined ? (
        <Question
          action={action}
          onCancel={close}
          onDone={(made) => {
            onDone();
            if (made === undefined) close();
            else setToken(made);
          }}
        />
      ) : (
        <EnrolmentToken enrolment={token} onClose={close} />
      )}
    </dialog>
  );
}

interface QuestionProps {
  action: HostAction;
  onCancel: () => void;
  onDone: (made: NewEnrolmentView | undefined) => void;
}

function Question({ action, onCancel, onDone }: QuestionProps) {
  const { title, consequences, confirm, isSevere, field, run } = action;
  const [typed, setTyped] = useState('');
  const [refusal, setRefusal] = useState('');
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    setRefusal('');
    try {
      onDone(await run(typed.trim()));
    } catch (cause) {
      setBusy(false);
      setRefusal((cause as Error).message);
      await checkSession(cause);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void act();
      }}
    >
      <h2 id="action-title">{title}</h2>
      {consequences.map((text) => (
        <p key={text}>{text}</p>
      ))}
      {field !== undefined && (
        <label class="field">
          <span>{field.label}</span>
          <input
            value={typed}
            maxLength={255}
            required={field.isRequired}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
      )}
      <Message text={refusal} />
      <p class="buttons">
        <button type="submit" class={isSevere ? 'severe' : 'primary'}>
          {isBusy ? 'Working …' : confirm}
        </button>
        <button type="button" onClick={onCancel} autofocus={isSevere}>
          Cancel
        </button>
      </p>
    </form>
  );
}
