/**
 * The endpoint at which App Service and its kin offer a managed identity ("How to use managed identities for App
 * Service": REST endpoint reference), so that the real `@azure/identity` of a process finds one.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tokenFor } from './fake-credential.ts';

export interface IdentityEndpoint extends AsyncDisposable {
  /** For the environment of a process that has this identity. */
  readonly env: Readonly<Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER', string>>;
  /** Resources that tokens were asked for. */
  readonly asked: readonly string[];
}

export async function startIdentityEndpoint(): Promise<IdentityEndpoint> {
  const asked: string[] = [];
  const secret = crypto.randomUUID();
  const server = createServer((request, response) => {
    const resource = new URL(request.url ?? '', 'http://localhost').searchParams.get('resource') ?? '';
    if (request.headers['x-identity-header'] !== secret) {
      response.writeHead(401).end();
      return;
    }
    asked.push(resource);
    const expires = Math.floor(Date.now() / 1_000) + 3_600;
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        access_token: tokenFor(resource),
        expires_on: String(expires),
        resource,
        token_type: 'Bearer',
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    env: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: secret },
    asked,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
