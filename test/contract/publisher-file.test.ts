import { openFiles } from '../support/file-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('file', () => openFiles('all.jsonl'));
publisherContract('file of a table, in many small pieces', () =>
  openFiles('{{ table }}.jsonl', { maxBytes: 10_000, maxOpen: 3 }),
);
