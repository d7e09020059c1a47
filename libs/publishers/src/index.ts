export * from './console/console-publisher.ts';
export * from './console/pretty-line.ts';
