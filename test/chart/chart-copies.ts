/** A chart reads only files of its own folder: what it brings along for Prometheus and Grafana is copied there. */
import { chart } from './values-files.ts';

/** Paths in the repository. */
export const copies: readonly (readonly [from: string, to: string])[] = [
  ['deploy/prometheus/alerts.yaml', `${chart}/files/alerts.yaml`],
  ['deploy/grafana/dstream.json', `${chart}/files/dashboard.json`],
];
