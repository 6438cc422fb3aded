/** Where would a server go, and how many fit? The question is in the address. */
import { useState } from 'preact/hooks';
import { compute } from '../data/compute.ts';
import { hosts } from '../data/fleet.ts';
import { post } from '../data/request.ts';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { useQuery } from '../parts/query.ts';
import { Answer, answerText } from './answer.tsx';
import { bodyOf, printNics, type Question, questionIn } from './question.ts';
import { type Flavor, QuestionForm } from './question-form.tsx';
import './what-if.css';

export function WhatIfPage() {
  const [query, setQuery] = useQuery();
  const [round, setRound] = useState(0);
  const flavors = usePolled({
    key: 'flavors',
    read: (signal) => compute<{ flavors: Flavor[] }>('/flavors/detail?is_public=none', { signal }),
  });
  const networks = physicalNetworks();
  const known = flavors.value?.flavors ?? [];
  const isReady = flavors.value !== undefined && hosts.value !== undefined;
  const question = questionIn(query, {
    flavor: known[0]?.id ?? '',
    nics: networks.slice(0, 1).map((name) => ({ vnicType: 'direct', physicalNetwork: name })),
  });
  const body = bodyOf(question);
  const isAsked = isReady && question.flavor !== '' && isCount(question.count);
  const { value, refusal } = usePolled({
    key: isAsked ? `${round} ${JSON.stringify(body)}` : '',
    read: async (signal) => ({ asked: question, reply: await post('/what-if', { body, signal }) }),
  });
  const answer = refusal === '' && isAsked ? value : undefined;
  const change = (some: Partial<Question>) =>
    setQuery({
      flavor: question.flavor,
      nics: printNics(some.nics ?? question.nics),
      ...(some.flavor !== undefined && { flavor: some.flavor }),
      ...(some.count !== undefined && { count: some.count }),
    });
  return (
    <>
      <div class="head">
        <h1>What if</h1>
        <p class="muted">
          Where a server would be placed now. Nothing is claimed; the address of this page is a link
          to the question.
        </p>
      </div>
      <Message text={flavors.refusal} />
      {flavors.value?.flavors.length === 0 && (
        <p class="empty">There is no flavor. Create one: openstack flavor create.</p>
      )}
      {isReady && known.length > 0 && (
        <QuestionForm
          question={question}
          flavors={known}
          networks={networks}
          onChange={change}
          onRepeat={() => setRound(round + 1)}
        />
      )}
      <Message text={refusal} />
      <div class="part" aria-live="polite">
        {answer !== undefined && <h2>{answerText(answer.asked, answer.reply)}</h2>}
      </div>
      {answer !== undefined && <Answer question={answer.asked} reply={answer.reply} />}
    </>
  );
}

function isCount(count: string): boolean {
  return count === 'max' || /^[1-9]\d{0,4}$/.test(count);
}

/** Those of the devices that hosts offer. */
function physicalNetworks(): string[] {
  const all = (hosts.value ?? []).flatMap(({ pfs }) => pfs.flatMap(({ networks }) => networks));
  return [...new Set(all)].sort();
}
