/** The wish of the user or the system that this process ends. */

/** Settles at the first such signal; a second one ends the process at once. */
export function interruption(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => settle());
  });
}
