/** A text by which a list is filtered. */
interface SearchFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
}

export function SearchField({ label, value, onInput }: SearchFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input type="search" value={value} onInput={(event) => onInput(event.currentTarget.value)} />
    </label>
  );
}
