export * from './configuration.ts';
export * from './load-configuration.ts';
