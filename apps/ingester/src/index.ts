export { composeIngester } from './compose.ts';
export { openLeaseViewer, type ViewerContext } from './lease-viewer.ts';
export { planOffline, planOnline, type IngesterPlan, type PlanContext, type PlannedTable } from './plan.ts';
