import type { TokenCredential } from './token-credential.ts';

/**
 * Which identity of Microsoft Entra ID signs in. Ids may be left out: the environment (`AZURE_CLIENT_ID`,
 * `AZURE_TENANT_ID`, …) names them then, as the Azure libraries read it.
 */
export type Identity =
  /** The first that is found: environment, workload identity, managed identity, command line. */
  | { readonly kind: 'default' }
  | { readonly kind: 'environment' }
  /** `clientId` of a user-assigned identity; the system-assigned one without it. */
  | { readonly kind: 'managed'; readonly clientId?: string }
  | { readonly kind: 'workload'; readonly clientId?: string; readonly tenantId?: string }
  | { readonly kind: 'azure-cli' }
  | {
      readonly kind: 'service-principal';
      readonly tenantId: string;
      readonly clientId: string;
      /** Secret. */
      readonly clientSecret: string;
    };

/**
 * Gives the credential of an identity (`default` without one), the same one at every call, so that tokens are asked
 * for once in a process. Connects nothing: what cannot sign in says so when a token is asked for, with a DStreamError
 * that is `fatal` (no identity, refused) or `retry` (the token service cannot be reached).
 */
export type CredentialOf = (identity?: Identity) => TokenCredential;
