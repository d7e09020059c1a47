/**
 * What every client over AMQP is held to, whatever the service: connections that are watched, transports. Loads no SDK. Exported as `@dstream/service-bus/amqp`.
 */
export { ConnectionWatch } from './connection-watch.ts';
export { withoutDelay } from './no-delay.ts';
export { proxyHint } from './translate-error.ts';
export { transportOptions, type Transport } from './web-sockets.ts';
