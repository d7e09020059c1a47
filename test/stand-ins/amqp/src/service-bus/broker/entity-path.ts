/** What an address names. Names are compared in lower case (Service Bus quotas: names are case-insensitive). */
export interface EntityPath {
  /** Queue or topic. */
  readonly entity: string;
  readonly subscription: string | undefined;
  readonly deadLetter: boolean;
}

const deadLetterSuffix = /\/\$deadletterqueue$/i;
const subscriptionForm = /^(.+)\/subscriptions\/([^/]+)$/i;

/** `queue`, `topic`, `topic/Subscriptions/name`, each with `/$DeadLetterQueue` behind it. A leading slash is dropped. */
export function parseEntityPath(address: string): EntityPath {
  const trimmed = address.replace(/^\//, '');
  const deadLetter = deadLetterSuffix.test(trimmed);
  const path = trimmed.replace(deadLetterSuffix, '');
  const parts = subscriptionForm.exec(path);
  if (parts === null) return { entity: path, subscription: undefined, deadLetter };
  const [, entity = '', subscription] = parts;
  return { entity, subscription, deadLetter };
}
