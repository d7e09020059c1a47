export * from './cell-width.ts';
export * from './full-screen.ts';
export * from './paint.ts';
export * from './read-keys.ts';
export * from './table.ts';
export { visibleLines, visiblePainted, visibleText } from './visible-text.ts';
