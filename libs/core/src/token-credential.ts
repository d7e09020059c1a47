export interface AccessToken {
  /** Secret. */
  readonly token: string;
  /** Wall clock, ms since 1970 UTC. */
  readonly expiresOnTimestamp: number;
}

/**
 * Who signs in to a service without a connection string. The shape of `TokenCredential` of the Azure libraries, so
 * that theirs is one of these and the other way round; core needs no package of theirs to say it.
 */
export interface TokenCredential {
  /** Called by the client libraries whenever they need a token; it keeps tokens and renews them by itself. */
  getToken(
    scopes: string | string[],
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<AccessToken | null>;
}
