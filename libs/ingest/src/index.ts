export * from './ingester-metrics.ts';
export * from './ingester-parts.ts';
export * from './ingester.ts';
export type { PartitionReport } from './partition-status.ts';
export { WatchedCheckpoints } from './watched-checkpoints.ts';
