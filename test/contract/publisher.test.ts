import { openConsole } from '../support/console-destination.ts';
import { enveloped, envelopes } from '../support/enveloped-rig.ts';
import { openInMemoryDestination } from '../support/in-memory-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('in memory', openInMemoryDestination);
publisherContract('console', openConsole);
publisherContract('in memory, in the envelope of Debezium', async () =>
  enveloped(await openInMemoryDestination(), envelopes.debezium()),
);
publisherContract('console, in structured CloudEvents', async () =>
  enveloped(await openConsole(), envelopes.structured()),
);
