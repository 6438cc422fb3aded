/** The page: starts with the session of the browser. */
import { render } from 'preact';
import { App } from './frame/app.tsx';
import { readSession } from './data/session.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/devices.css';
import './styles/frame.css';
import './styles/parts.css';

const retryMs = 2_000;

async function start(): Promise<void> {
  try {
    await readSession();
  } catch {
    setTimeout(() => void start(), retryMs);
  }
}

render(<App />, document.body);
void start();
