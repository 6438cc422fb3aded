/** The tables of several controllers: see `tables.ts`. */

export interface ControllerTables {
  controllers: ControllerRow;
  host_links: HostLinkRow;
}

interface ControllerRow {
  uuid: string;
  name: string;
  version: string;
  started_at: number;
  beats: number;
}

interface HostLinkRow {
  compute_node_id: string;
  controller_uuid: string | null;
  link: number;
  sent_up_to: number;
  closed_at: number | null;
}
