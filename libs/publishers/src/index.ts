export * from './console/console-publisher.ts';
export * from './console/pretty-line.ts';
export * from './console/standard-output.ts';
