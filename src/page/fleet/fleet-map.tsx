/**
 * The map of the fleet. It is for eyes and pointers; the table below it has the same data for keys
 * and screen readers, so it is hidden from these.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { FleetHost } from '#client/shapes/fleet.ts';
import { hostPath } from '../parts/host-path.ts';
import { theme } from '../frame/theme.ts';
import { countsOf, standingOf } from './host-counts.ts';
import { hostAt, layoutMap, type MapGroup, type MapLayout } from './map-layout.ts';
import { type Colours, coloursOf, type Painted, paintMap } from './map-paint.ts';

export function FleetMap({ groups }: { groups: readonly MapGroup[] }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { route } = useLocation();
  const room = useRoom(box);
  const unit = room?.unit ?? 1;
  const colours = useColours(box);
  const [hovered, setHovered] = useState<{ host: FleetHost; x: number; y: number }>();
  const before = useRef<MapLayout>(undefined);
  const layout = useMemo(
    () => (room === undefined ? undefined : layoutMap(groups, room, before.current)),
    [groups, room],
  );
  before.current = layout;

  const painted = useRef<Painted>(undefined);
  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (pen == null || layout === undefined || colours === undefined) return;
    const font = getComputedStyle(pen.canvas).fontFamily;
    const scale = Math.ceil(devicePixelRatio * unit);
    const look = { colours, font, scale, unit, hovered: hovered?.host.name ?? '' };
    const now = { layout, look };
    paintMap(pen, now, painted.current);
    painted.current = now;
  }, [layout, colours, hovered?.host.name]);

  const onMove = ({ offsetX, offsetY }: PointerEvent) => {
    const host = layout && hostAt(layout, offsetX / unit, offsetY / unit);
    setHovered(host && { host, x: offsetX, y: offsetY });
  };
  return (
    <div class="map" ref={box} aria-hidden="true">
      <canvas
        ref={canvas}
        data-points={hovered !== undefined}
        onPointerMove={onMove}
        onPointerLeave={() => setHovered(undefined)}
        onClick={() => hovered && route(hostPath(hovered.host.name))}
      />
      {hovered !== undefined && layout?.level !== 'devices' && (
        <p
          class="tip"
          style={{
            left: `${Math.min(hovered.x, ((room?.width ?? 0) - 220) * unit)}px`,
            top: `${hovered.y + 18}px`,
          }}
        >
          <strong>{hovered.host.name}</strong>
          <br />
          {tipOf(hovered.host)}
        </p>
      )}
    </div>
  );
}

function tipOf(host: FleetHost): string {
  const { free, devices } = countsOf(host);
  const problems = host.problems.length === 0 ? '' : `: ${host.problems.join(', ')}`;
  return `${standingOf(host)}${problems} · ${free} of ${devices} VFs free`;
}

/** In pixels: the size of the page's text where it does not grow with the window. */
const plainText = 14;

/**
 * The width that there is, and the height that a map of many hosts should not exceed. `unit`: the
 * pixels for one of these, as the page's text has grown.
 */
function useRoom(box: { current: HTMLElement | null }) {
  const [room, setRoom] = useState<{ width: number; height: number; unit: number }>();
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const resized = new ResizeObserver(() => {
      const text = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      const unit = Math.max(1, text / plainText);
      const width = Math.floor(element.clientWidth / unit);
      const height = Math.max(240, (innerHeight * 0.5) / unit);
      setRoom((now) => (now?.width === width && now.unit === unit ? now : { width, height, unit }));
    });
    resized.observe(element);
    return () => resized.disconnect();
  }, [box]);
  return room;
}

function useColours(box: { current: HTMLElement | null }): Colours | undefined {
  const [colours, setColours] = useState<Colours>();
  const chosen = theme.value;
  useEffect(() => {
    const read = () => setColours(box.current === null ? undefined : coloursOf(box.current));
    read();
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', read);
    return () => system.removeEventListener('change', read);
  }, [box, chosen]);
  return colours;
}
