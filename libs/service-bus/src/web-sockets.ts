/** AMQP over WebSockets on port 443, which passes the HTTP proxy that the environment names. */
import { Agent } from 'node:https';
import { proxyVariable } from '@dstream/core';
import { WebSocket } from 'ws';

/** How AMQP travels: over TLS on port 5671, or over WebSockets on port 443. */
export type Transport = 'amqp' | 'websockets';

/** The `webSocketOptions` of the clients for Service Bus and Event Hubs; nothing for plain AMQP. */
export function transportOptions(transport: Transport | undefined, env: NodeJS.ProcessEnv = process.env) {
  if (transport !== 'websockets') return {};
  const webSocketConstructorOptions = { agent: new Agent({ proxyEnv: proxyEnvironment(env) }) };
  return { webSocketOptions: { webSocket: WebSocket, webSocketConstructorOptions } };
}

/** For Node's agent, which knows neither ALL_PROXY nor HTTP_PROXY for an https address, as the client for blobs does. */
function proxyEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const variable = proxyVariable(env);
  const noProxy = env['NO_PROXY'] ?? env['no_proxy'];
  const proxy = variable === undefined ? undefined : env[variable]?.trim();
  return {
    ...(proxy !== undefined && { HTTPS_PROXY: proxy.includes('://') ? proxy : `http://${proxy}` }),
    ...(noProxy !== undefined && { NO_PROXY: noProxy }),
  };
}
