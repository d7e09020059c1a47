import { realEventHubs } from '../support/endpoints.ts';
import { openEventHubsDestination, openScriptedEventHubs } from '../support/event-hubs-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('Event Hubs as scripted', () => openScriptedEventHubs());

const real = realEventHubs();
if (real !== undefined) {
  publisherContract('Event Hubs', async (changes) => openEventHubsDestination(real, changes));
}
