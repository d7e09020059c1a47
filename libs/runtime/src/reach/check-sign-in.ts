/** The check `identity.sign-in`: an identity of Microsoft Entra ID gets a token for a service. */
import { unlessAborted } from '@dstream/async';
import { asDStreamError, type CallOptions, type CheckResult, type TokenCredential } from '@dstream/core';

const check = 'identity.sign-in';

const advice =
  'give this process an identity: workload identity or a managed identity in Azure, "az login" on your own machine; ' +
  'AZURE_CLIENT_ID selects one of several';

/** What stands for the identity in commands where its token does not name it. */
const unnamed = 'OBJECT_ID';

/**
 * Returns the object id of who signs in, for role assignments; undefined when nobody could. A token names it in `oid`
 * ("Access token claims reference"). Rejects with `signal.reason` on abort.
 * @param scope of the service, as its client library asks for it, so that the token is the one it will use
 */
export async function* checkSignIn(
  credential: TokenCredential,
  scope: string,
  { signal }: CallOptions,
): AsyncGenerator<CheckResult, string | undefined> {
  try {
    const token = await unlessAborted(credential.getToken(scope, { abortSignal: signal }), signal);
    const principal = objectIdOf(token?.token ?? '') ?? unnamed;
    const who = principal === unnamed ? '' : `; the object id of the identity is ${principal}`;
    yield { outcome: 'passed', check, message: `signed in to Microsoft Entra ID${who}` };
    return principal;
  } catch (error) {
    signal.throwIfAborted();
    const { message } = asDStreamError(error);
    yield { outcome: 'failed', check, message, remedy: { kind: 'advice', text: advice } };
    return undefined;
  }
}

/** Undefined for a token that is no JSON Web Token: its form is up to who issues it. */
function objectIdOf(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { oid } = claims as { readonly oid?: unknown };
    return typeof oid === 'string' && /^[\da-f-]{36}$/i.test(oid) ? oid : undefined;
  } catch {
    return undefined;
  }
}
