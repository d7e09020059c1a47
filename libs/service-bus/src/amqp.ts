/**
 * What every client over AMQP is held to, whatever the service: limits of time, order, connections that are watched,
 * transports. Loads no SDK. Exported as `@dstream/service-bus/amqp`.
 */
export { CallLimit } from './call-limit.ts';
export { allClosed, close } from './closing.ts';
export { ConnectionWatch } from './connection-watch.ts';
export { InTurn } from './in-turn.ts';
export { withoutDelay } from './no-delay.ts';
export { Slots } from './slots.ts';
export { unlessAborted, withTimeLimit } from './time-limit.ts';
export { proxyHint } from './translate-error.ts';
export { transportOptions, type Transport } from './web-sockets.ts';
