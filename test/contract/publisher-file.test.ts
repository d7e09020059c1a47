import { enveloped, envelopes } from '../support/enveloped-rig.ts';
import { openFiles } from '../support/file-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('file', () => openFiles('all.jsonl'));
publisherContract('file of a table, in many small pieces', () =>
  openFiles('{{ table }}.jsonl', { maxBytes: 10_000, maxOpen: 3 }),
);
publisherContract('file, in the envelope of Debezium', async () =>
  enveloped(await openFiles('all.jsonl'), envelopes.debezium()),
);
