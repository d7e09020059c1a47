/** Reads who logs in from a connection string: by password, or by an identity of Microsoft Entra ID. */
import type { CredentialOf, Identity, TokenCredential } from '@dstream/core';
import { invalid, readBoolean, type Keyword } from './keywords.ts';

/** A SQL login, or an identity that signs in by token. The password and the credential are secret. */
export type Login =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly identity: Identity; readonly credential: TokenCredential };

type Values = ReadonlyMap<Keyword, string>;

/** Throws ConfigInvalid for what is not supported or does not go together. */
export function readLogin(values: Values, credentialOf: CredentialOf | undefined): Login {
  refuseWindows(values);
  const method = values.get('authentication');
  const folded = method?.toLowerCase().replace(/[\s_]/g, '');
  if (folded === undefined || folded === 'sqlpassword' || folded === 'notspecified')
    return {
      kind: 'password',
      user: required(values, 'user', 'User Id'),
      password: required(values, 'password', 'Password'),
    };
  const identity = identityOf(folded, values);
  if (credentialOf === undefined)
    throw invalid('asks for Microsoft Entra ID, which is not possible here: give User Id and Password');
  return { kind: 'token', identity, credential: credentialOf(identity) };
}

/**
 * The spellings of ADO.NET ("Connect to Azure SQL with Microsoft Entra authentication and SqlClient") and of Go's
 * driver (package azuread), without spaces. Both accept the client id of a user-assigned identity as User Id.
 */
function identityOf(method: string, values: Values): Identity {
  switch (method) {
    case 'activedirectorydefault':
      refuse(values, ['user', 'password'], 'Active Directory Default', environment);
      return { kind: 'default' };
    case 'activedirectoryenvironment':
      refuse(values, ['user', 'password'], 'Active Directory Environment', environment);
      return { kind: 'environment' };
    case 'activedirectoryazcli':
      refuse(values, ['user', 'password'], 'Active Directory AzCli', 'sign in with "az login"');
      return { kind: 'azure-cli' };
    case 'activedirectorymanagedidentity':
    case 'activedirectorymsi':
      refuse(values, ['password'], 'a managed identity', 'User Id may hold its client id');
      return managedIdentity(values);
    case 'activedirectoryworkloadidentity':
      refuse(values, ['password'], 'a workload identity', 'User Id may hold its client id');
      return { kind: 'workload', ...splitUser(values) };
    case 'activedirectoryserviceprincipal':
    case 'activedirectoryapplication':
      return servicePrincipal(values);
    default:
      throw invalid(
        'asks for an Authentication that is not supported: a service signs in by Active Directory Default, Managed ' +
          'Identity, Workload Identity, Service Principal, Environment or AzCli, or by User Id and Password',
      );
  }
}

const environment = 'the environment names the identity (AZURE_CLIENT_ID, AZURE_TENANT_ID, …)';

function managedIdentity(values: Values): Identity {
  const { clientId } = splitUser(values);
  return clientId === undefined ? { kind: 'managed' } : { kind: 'managed', clientId };
}

/** The tenant is not taken from the server, as other drivers do: the server must not decide who we are. */
function servicePrincipal(values: Values): Identity {
  const { clientId, tenantId } = splitUser(values);
  if (clientId === undefined || tenantId === undefined)
    throw invalid('has no tenant for its service principal; write User Id=CLIENT_ID@TENANT_ID');
  return {
    kind: 'service-principal',
    clientId,
    tenantId,
    clientSecret: required(values, 'password', 'Password'),
  };
}

/** `client@tenant`, as Go's driver writes it; each part may be missing. */
function splitUser(values: Values): { readonly clientId?: string; readonly tenantId?: string } {
  const [clientId = '', tenantId = ''] = (values.get('user') ?? '').split('@');
  return { ...(clientId === '' ? {} : { clientId }), ...(tenantId === '' ? {} : { tenantId }) };
}

function refuse(values: Values, keywords: readonly Keyword[], method: string, instead: string): void {
  const given = keywords.find((keyword) => values.has(keyword));
  if (given !== undefined)
    throw invalid(`has a ${given}, which cannot be used with ${method}; remove it: ${instead}`);
}

function refuseWindows(values: Values): void {
  const integrated = values.get('integratedSecurity');
  if (
    integrated !== undefined &&
    (integrated.toLowerCase() === 'sspi' || readBoolean('Integrated Security', integrated, false))
  )
    throw invalid('asks for Windows authentication, which is not supported: give User Id and Password');
}

function required(values: Values, keyword: Keyword, name: string): string {
  const value = values.get(keyword);
  if (value === undefined) throw invalid(`has no ${keyword}; add ${name}=…`);
  return value;
}
