export { ConsolePublisher, standardOutput, type StandardOutput } from './console-publisher.ts';
export { prettyLine } from './pretty-line.ts';
