export { composeLeaseViewer, type ViewerContext } from './compose-leases.ts';
export { composeIngester } from './compose.ts';
export { planOffline, planOnline, type IngesterPlan, type PlannedTable } from './plan.ts';
