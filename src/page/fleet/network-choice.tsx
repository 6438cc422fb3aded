/** The first cell of a row about a physical network: its name chooses it, or no longer. */

interface NetworkChoiceProps {
  network: string;
  /** '' for none. */
  chosen: string;
  onChoose: (network: string) => void;
}

export function NetworkChoice({ network, chosen, onChoose }: NetworkChoiceProps) {
  return (
    <th scope="row">
      <button
        type="button"
        class="plain"
        aria-pressed={network === chosen}
        onClick={() => onChoose(network === chosen ? '' : network)}
      >
        {network}
      </button>
    </th>
  );
}
