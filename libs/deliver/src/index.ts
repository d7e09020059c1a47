export { sessionsAhead } from './places.ts';
export * from './processor-metrics.ts';
export * from './processor-parts.ts';
export * from './processor-report.ts';
export * from './processor.ts';
