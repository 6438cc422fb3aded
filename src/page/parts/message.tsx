/** Why something is not shown. Nothing without a text. */
export function Message({ text, note = '' }: { text: string; note?: string }) {
  if (text === '') return null;
  return (
    <p class="message" role="alert">
      {text} {note}
    </p>
  );
}
