import { enveloped, envelopes } from '../support/enveloped-rig.ts';
import { openHttp } from '../support/http-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('http, a JSON array', () => openHttp('array'));
publisherContract('http, JSON Lines to a URL of each row', () =>
  openHttp('lines', '/t/{{ table }}?row={{ key.ID }}'),
);
publisherContract('http, one change a request', () => openHttp('single', '/t/{{ table }}'));
publisherContract('http, a batch of structured CloudEvents', async () =>
  enveloped(await openHttp('array'), envelopes.structured()),
);
publisherContract('http, a binary CloudEvent a request', async () =>
  enveloped(await openHttp('array', '/t/{{ table }}'), envelopes.binary()),
);
