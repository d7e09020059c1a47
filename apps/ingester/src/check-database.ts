import type { CredentialOf } from '@dstream/core';
import { parseConnectionString } from '@dstream/sqlserver/address';

/**
 * For `loadConfiguration`: judges the database's connection string as the ingester does when it connects. Connects
 * nothing, and asks for no token. Throws ConfigInvalid, which repeats no value.
 */
export function checkDatabase(credential: CredentialOf): (text: string) => void {
  return (text) => {
    parseConnectionString(text, credential);
  };
}
