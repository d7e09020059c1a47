export * from './activity-log.ts';
export * from './http-endpoint.ts';
export type { HttpAccess } from './http-guard.ts';
export * from './log-output.ts';
export * from './logging.ts';
export * from './metrics.ts';
export * from './service-context.ts';
export * from './stop.ts';
export * from './supervised.ts';
