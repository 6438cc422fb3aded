/** The numbers at the head of a page. */
import type { ComponentChildren } from 'preact';

export function Figures({ children }: { children: ComponentChildren }) {
  return <dl class="figures">{children}</dl>;
}

interface FigureProps {
  label: string;
  value: number;
  of?: number;
  unit?: string;
  /** Someone should look at it. */
  isBad?: boolean;
}

export function Figure({ label, value, of, unit, isBad = false }: FigureProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={isBad ? 'alarm' : undefined}>
        {value.toLocaleString('en')}
        {of !== undefined && <small> of {of.toLocaleString('en')}</small>}
        {unit !== undefined && <small> {unit}</small>}
      </dd>
    </div>
  );
}
