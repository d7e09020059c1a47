export type { HoleReport, HolesReport } from './missing-messages.ts';
export type { OutputFailure, OutputReport, OutputState } from './output-monitor.ts';
export { processorMetrics, type ProcessorMetrics } from './processor-metrics.ts';
export * from './processor-parts.ts';
export * from './processor.ts';
export type { Route, RoutingRules } from './router.ts';
export { sessionsAhead } from './session-limiter.ts';
export type { ConfiguredTransform, TransformReport } from './transform-monitor.ts';
