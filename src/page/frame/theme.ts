/** Light or dark: as the system has it, unless chosen otherwise in this browser. */
import { signal } from '@preact/signals';

export const themes = [
  { value: '', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const;

const key = 'novella-theme';

export const theme = signal(localStorage.getItem(key) ?? '');

theme.subscribe((value) => {
  if (value === '') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = value;
});

export function setTheme(value: string): void {
  if (value === '') localStorage.removeItem(key);
  else localStorage.setItem(key, value);
  theme.value = value;
}
