export { IngesterMetrics } from './ingester-metrics.ts';
export { Ingester, type ConnectionNames, type IngesterParts } from './ingester.ts';
export type { PartitionReport } from './partition-meter.ts';
export type { IngesterSettings } from './partition-owner.ts';
