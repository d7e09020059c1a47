import { openHttp } from '../support/http-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('http, a JSON array', () => openHttp('array'));
publisherContract('http, JSON Lines to a URL of each row', () =>
  openHttp('lines', '/t/{{ table }}?row={{ key.ID }}'),
);
publisherContract('http, one change a request', () => openHttp('single', '/t/{{ table }}'));
