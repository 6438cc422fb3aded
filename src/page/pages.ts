/**
 * The pages and their addresses: what the navigation shows, and what is loaded. A page that is not
 * the first is loaded when it is opened.
 */
import type { ComponentType } from 'preact';
import lazy from 'preact-iso/lazy';
import { FleetPage } from './fleet/fleet-page.tsx';

export interface Page {
  /** Example: `/ui/hosts/:name`. */
  path: string;
  /** In the navigation; undefined: it is reached from another page. */
  label?: string;
  /** Members see pages that show their own servers; the others need the right to see hosts. */
  needsHosts: boolean;
  component: ComponentType;
}

export const pages: readonly Page[] = [
  { path: '/ui', label: 'Fleet', needsHosts: true, component: FleetPage },
  {
    path: '/ui/hosts',
    label: 'Hosts',
    needsHosts: true,
    component: lazy(() => import('./hosts/hosts-page.tsx').then((file) => file.HostsPage)),
  },
  {
    path: '/ui/hosts/:name/:address?',
    needsHosts: true,
    component: lazy(() => import('./host/host-page.tsx').then((file) => file.HostPage)),
  },
  {
    path: '/ui/pools',
    label: 'Pools',
    needsHosts: true,
    component: lazy(() => import('./pools/pools-page.tsx').then((file) => file.PoolsPage)),
  },
  {
    path: '/ui/servers',
    label: 'Servers',
    needsHosts: false,
    component: lazy(() => import('./servers/servers-page.tsx').then((m) => m.ServersPage)),
  },
  {
    path: '/ui/servers/:id',
    needsHosts: false,
    component: lazy(() => import('./servers/server-page.tsx').then((m) => m.ServerPage)),
  },
  {
    path: '/ui/refusals',
    label: 'Refusals',
    needsHosts: true,
    component: lazy(() => import('./refusals/refusals-page.tsx').then((m) => m.RefusalsPage)),
  },
  {
    path: '/ui/what-if',
    label: 'What if',
    needsHosts: true,
    component: lazy(() => import('./what-if/what-if-page.tsx').then((m) => m.WhatIfPage)),
  },
  {
    path: '/ui/device-specs',
    label: 'Device specs',
    needsHosts: true,
    component: lazy(() =>
      import('./device-specs/device-specs-page.tsx').then((m) => m.DeviceSpecsPage),
    ),
  },
  {
    path: '/ui/about',
    label: 'About',
    needsHosts: false,
    component: lazy(() => import('./about/about-page.tsx').then((m) => m.AboutPage)),
  },
];

/** The page of a path's own entry in the navigation. Example: `/ui/hosts/host-1` → Hosts. */
export function isWithin(path: string, page: string): boolean {
  const plain = path.replace(/\/$/, '');
  return plain === page || (page !== '/ui' && plain.startsWith(`${page}/`));
}
