/** The first page: user and password, or an application credential. */
import type { ComponentChildren, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { type Credentials, endedBecause, signIn } from '../data/session.ts';

export function SignIn() {
  const [byCredential, setByCredential] = useState(false);
  const [state, setState] = useState({ isBusy: false, refusal: '' });
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setState({ isBusy: true, refusal: '' });
    try {
      await signIn(credentialsIn(given, byCredential));
    } catch (error) {
      setState({ isBusy: false, refusal: (error as Error).message });
    }
  };
  const { isBusy, refusal } = state;
  const note = endedBecause.value;
  return (
    <main class="sign-in">
      <h1>Sign in to Novella</h1>
      {note !== '' && refusal === '' && <p class="message note">{note}</p>}
      <form onSubmit={(event) => void submit(event)}>
        {byCredential ? <CredentialFields /> : <PasswordFields />}
        {refusal !== '' && (
          <p class="message" role="alert">
            {refusal}
          </p>
        )}
        <button class="primary" type="submit" disabled={isBusy}>
          Sign in
        </button>
      </form>
      <button class="plain" type="button" onClick={() => setByCredential(!byCredential)}>
        {byCredential ? 'Use a password' : 'Use an application credential'}
      </button>
      <p class="muted hint">
        Federated sign-in is not possible here. Users of another identity provider use an
        application credential.
      </p>
    </main>
  );
}

function PasswordFields() {
  return (
    <>
      <Field label="User">
        <input name="user" autocomplete="username" required autofocus />
      </Field>
      <Field label="Password">
        <input name="password" type="password" autocomplete="current-password" required />
      </Field>
      <Field label="Project">
        <input name="project" autocomplete="off" placeholder="the user's name" />
      </Field>
      <details>
        <summary>Domains</summary>
        <Field label="Domain of the user">
          <input name="user_domain" autocomplete="off" placeholder="Default" />
        </Field>
        <Field label="Domain of the project">
          <input name="project_domain" autocomplete="off" placeholder="Default" />
        </Field>
      </details>
    </>
  );
}

function CredentialFields() {
  return (
    <>
      <Field label="ID of the credential">
        <input name="application_credential_id" autocomplete="off" required autofocus />
      </Field>
      <Field label="Secret">
        <input name="application_credential_secret" type="password" autocomplete="off" required />
      </Field>
    </>
  );
}

function Field({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

/** An empty project has the user's name, as in clouds that Novella makes. */
function credentialsIn(form: FormData, byCredential: boolean): Credentials {
  const given = (name: string) => {
    const value = form.get(name);
    return typeof value === 'string' ? value : '';
  };
  const text = (name: string) => given(name).trim();
  if (byCredential) {
    return {
      application_credential_id: text('application_credential_id'),
      application_credential_secret: text('application_credential_secret'),
    };
  }
  const user = text('user');
  const domains = ['user_domain', 'project_domain'].filter((name) => text(name) !== '');
  return {
    user,
    password: given('password'),
    project: text('project') || user,
    ...Object.fromEntries(domains.map((name) => [name, text(name)])),
  };
}
