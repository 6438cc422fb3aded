/** Moments as the page shows them, in the time zone of the browser. */

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** Example: `12:03:04`. `at`: epoch milliseconds, or a moment of the API. */
export function clockTime(at: number | string): string {
  return clock.format(new Date(at));
}
