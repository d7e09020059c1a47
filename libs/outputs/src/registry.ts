/** The kinds of destination that DStream has. To add one: README.md. */
import { consoleType } from './console/console-type.ts';
import { eventHubsType } from './event-hubs/event-hubs-type.ts';
import { fileType } from './file/file-type.ts';
import { serviceBusType } from './service-bus/service-bus-type.ts';

export const outputTypes = [consoleType, serviceBusType, eventHubsType, fileType] as const;
