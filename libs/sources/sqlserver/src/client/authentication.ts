/** A login as tedious takes it. A token is asked for at every new connection: the credential knows when it is stale. */
import { DStreamError, type TokenCredential } from '@dstream/core';
import type { ConnectionConfiguration } from 'tedious';
import type { Login } from '../address/login.ts';
import type { Who } from './translate-error.ts';

type Authentication = NonNullable<ConnectionConfiguration['authentication']>;

/** @param signal gives the request for a token up, together with the connection it is for */
export function authenticationOf(login: Login, signal: AbortSignal): Authentication {
  return login.kind === 'password'
    ? { type: 'default', options: { userName: login.user, password: login.password } }
    : { type: 'token-credential', options: { credential: forDatabases(login.credential, signal) } };
}

export function whoOf(login: Login): Who {
  return login.kind === 'password' ? { user: login.user } : { identity: login.identity.kind };
}

/**
 * The server says in its login which resource it wants a token of (FEDAUTHINFO, [MS-TDS] 2.2.7.12), and the driver
 * believes it. A database's are `https://database.windows.net/` and its kin in the national clouds; a token of
 * anything else is not for it.
 */
function forDatabases(credential: TokenCredential, signal: AbortSignal): TokenCredential {
  return {
    getToken: async (scopes) => {
      for (const scope of [scopes].flat())
        if (!/^https:\/\/database\.[a-z.]+\/\/?\.default$/.test(scope)) throw foreignScope(scope);
      return credential.getToken(scopes, { abortSignal: signal });
    },
  };
}

function foreignScope(scope: string): DStreamError {
  return new DStreamError(
    'Unauthorized',
    `SQL Server asks for a token of "${scope}", which is not one for a database: it gets none; check the server's name`,
  );
}
