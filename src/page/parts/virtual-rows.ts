/** Only those rows of a long list are in the document that can be seen, and some around them. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface VisibleRows {
  /** The first row, and the one behind the last. */
  from: number;
  to: number;
  /** Of one row, in pixels. */
  rowHeight: number;
}

/** Rows above and below what can be seen, so that keys and screen readers find a next row. */
const around = 12;

/** Until there is a row to measure. */
const usualHeight = 29;

/** `count` rows of one height in a box that scrolls. */
export function useVisibleRows(box: RefObject<HTMLElement | null>, count: number): VisibleRows {
  const [rows, setRows] = useState<VisibleRows>({ from: 0, to: 60, rowHeight: usualHeight });
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = () => {
      const row = element.querySelector('[data-row]');
      const rowHeight = row?.getBoundingClientRect().height ?? usualHeight;
      const from = Math.max(0, Math.floor(element.scrollTop / rowHeight) - around);
      const to = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + around;
      setRows((now) =>
        now.from === from && now.to === to && now.rowHeight === rowHeight
          ? now
          : { from, to, rowHeight },
      );
    };
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [box, count]);
  const to = Math.min(count, rows.to);
  return { ...rows, from: Math.min(rows.from, Math.max(0, to - 1)), to };
}
