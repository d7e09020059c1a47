/**
 * The kinds of output that DStream has; to add one, see README.md. Importing this loads no client library: what publishes
 * has entries of its own (`@dstream/outputs/file`).
 */
import { consoleType } from './console/console-type.ts';
import { eventHubsType } from './event-hubs/event-hubs-type.ts';
import { fileType } from './file/file-type.ts';
import { httpType } from './http/http-type.ts';
import { serviceBusType } from './service-bus/service-bus-type.ts';

/** Every `type` that an `output` block may have. */
export const outputTypes = [consoleType, serviceBusType, eventHubsType, fileType, httpType] as const;

export { envelopeTypes } from './envelopes/envelope-types.ts';
