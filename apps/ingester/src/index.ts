export { checkDatabase } from './check-database.ts';
export * from './ingester-metrics.ts';
export * from './ingester-parts.ts';
export * from './ingester.ts';
export type { TableReport } from './table-status.ts';
export { composeLeaseViewer, type ViewerContext } from './compose-leases.ts';
export { composeIngester } from './compose.ts';
export { planOffline, planOnline, type IngesterPlan, type PlannedTable } from './plan.ts';
