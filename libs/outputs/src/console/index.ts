export * from './console-publisher.ts';
export * from './pretty-line.ts';
export * from './standard-output.ts';
