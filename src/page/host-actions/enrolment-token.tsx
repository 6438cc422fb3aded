/** A new token, once, with the command that uses it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { NewEnrolmentView } from '#client/shapes/hosts.ts';
import { dayTime } from '../parts/time.ts';

interface EnrolmentTokenProps {
  enrolment: NewEnrolmentView;
  onClose: () => void;
}

export function EnrolmentToken({ enrolment, onClose }: EnrolmentTokenProps) {
  const { host, token, controller, expires_at: end } = enrolment;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="token">
      <h2 id="action-title" ref={heading} tabIndex={-1}>
        Token of {host}
      </h2>
      <p>
        It can be used once, until {dayTime(end)}. <strong>It is not shown again.</strong>
      </p>
      <Copyable
        label={`1. In the configuration of the agent on ${host}`}
        text={`controller: ${controller}`}
      />
      <Copyable
        label={`2. On ${host}, as root`}
        text={`novella join --config /etc/novella/agent.yaml ${token}`}
      />
      <p class="hint muted">
        In the folder of the bundled agent the command begins with{' '}
        <code>./node novella-agent.mjs join</code>. Or put the token into the file that{' '}
        <code>token_file</code> of the configuration names: the agent then joins by itself.
      </p>
      {isLoopback(controller) && (
        <p class="message note">
          Only the controller's own machine can connect there. Other hosts need <code>listen</code>{' '}
          in novella.yaml.
        </p>
      )}
      <p class="buttons">
        <button type="button" class="primary" onClick={onClose}>
          Done
        </button>
      </p>
    </div>
  );
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

function Copyable({ label, text }: { label: string; text: string }) {
  const [state, setState] = useState('');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('Copied.'),
      () => setState('The browser does not permit it: select the text and copy it.'),
    );
  };
  return (
    <div class="copyable">
      <p>{label}</p>
      <pre tabIndex={0}>{text}</pre>
      <p class="buttons">
        <button type="button" onClick={copy} aria-label={`Copy: ${label}`}>
          Copy
        </button>
        <span role="status">{state}</span>
      </p>
    </div>
  );
}
