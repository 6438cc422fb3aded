/** The fields of the question. */
import { type VnicType, vnicTraits, vnicTypes } from '#core/networking/vnic-types.ts';
import { Choice } from '../parts/choice.tsx';
import type { Question, QuestionNic } from './question.ts';

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  ram: number;
  disk: number;
}

interface FormProps {
  question: Question;
  flavors: readonly Flavor[];
  networks: readonly string[];
  onChange: (change: Partial<Question>) => void;
  onRepeat: () => void;
}

export function QuestionForm({ question, flavors, networks, onChange, onRepeat }: FormProps) {
  const { nics } = question;
  const replace = (at: number, ...by: QuestionNic[]) =>
    onChange({ nics: nics.toSpliced(at, 1, ...by) });
  return (
    <form class="question" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label="Flavor"
        value={question.flavor}
        options={flavors.map((one) => [one.id, flavorText(one)])}
        onChoose={(flavor) => onChange({ flavor })}
      />
      <Count count={question.count} onChange={(count) => onChange({ count })} />
      {nics.map((nic, at) => (
        <NicFields
          key={at}
          at={at}
          nic={nic}
          networks={networks}
          onChange={(changed) => replace(at, changed)}
          onRemove={() => replace(at)}
        />
      ))}
      <p class="buttons">
        <button
          type="button"
          onClick={() =>
            onChange({
              nics: [...nics, { vnicType: 'direct', physicalNetwork: networks[0] ?? '' }],
            })
          }
        >
          Add a NIC
        </button>
        <button type="button" onClick={onRepeat}>
          Repeat
        </button>
      </p>
    </form>
  );
}

function flavorText({ name, vcpus, ram, disk }: Flavor): string {
  return `${name} (${vcpus} vCPU, ${ram.toLocaleString('en')} MiB, ${disk} GiB)`;
}

const counts = [
  ['1', 'One server'],
  ['number', 'A number of servers'],
  ['max', 'As many as fit'],
] as const;

function Count({ count, onChange }: { count: string; onChange: (count: string) => void }) {
  const kind = count === '1' || count === 'max' ? count : 'number';
  return (
    <>
      <Choice
        label="How many"
        value={kind}
        options={counts}
        onChoose={(chosen) => onChange(chosen === 'number' ? '2' : chosen)}
      />
      {kind === 'number' && (
        <label class="field">
          <span>Number of servers, 2 to 10,000</span>
          <input
            type="number"
            min="2"
            max="10000"
            value={count}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        </label>
      )}
    </>
  );
}

interface NicProps {
  at: number;
  nic: QuestionNic;
  networks: readonly string[];
  onChange: (nic: QuestionNic) => void;
  onRemove: () => void;
}

const types = vnicTypes
  .filter((type) => vnicTraits(type).refusal === null)
  .map((type): [string, string] => [type, typeText(type)]);

function typeText(type: VnicType): string {
  const { device } = vnicTraits(type);
  return `${type} (${device === null ? 'no device' : device})`;
}

function NicFields({ at, nic, networks, onChange, onRemove }: NicProps) {
  const { vnicType, physicalNetwork } = nic;
  const unlisted = [physicalNetwork].filter((name) => name !== '' && !networks.includes(name));
  return (
    <fieldset>
      <legend>NIC {at + 1}</legend>
      <Choice
        label="Type of the port"
        value={vnicType}
        options={types}
        onChoose={(type) => onChange({ ...nic, vnicType: type })}
      />
      <Choice
        label="Physical network"
        value={physicalNetwork}
        options={[
          ...[...networks, ...unlisted].map((name): [string, string] => [name, name]),
          ['', 'none (a tunnelled network)'],
        ]}
        onChoose={(name) => onChange({ ...nic, physicalNetwork: name })}
      />
      <button type="button" aria-label={`Remove NIC ${at + 1}`} onClick={onRemove}>
        Remove
      </button>
    </fieldset>
  );
}
