/** What is shown until a reply is there, or in its place. */
import type { Refusal } from '../data/request.ts';

export function Reading({ what, refusal }: { what: string; refusal: Refusal | undefined }) {
  if (refusal === undefined) return <p class="empty">Reading {what} …</p>;
  return (
    <p class="message" role="alert">
      {refusal.message}
    </p>
  );
}
