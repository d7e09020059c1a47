export * from './ask-replica.ts';
export * from './figures.ts';
export * from './replica-report.ts';
export * from './status-document.ts';
export * from './status-lines.ts';
export * from './status-of.ts';
