import { openConsole } from '../support/console-destination.ts';
import { openInMemoryDestination } from '../support/in-memory-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('in memory', openInMemoryDestination);
publisherContract('console', openConsole);
