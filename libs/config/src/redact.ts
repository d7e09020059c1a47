import type { Configuration } from './blocks/configuration.ts';

const secretsOf = new WeakMap<Configuration, ReadonlySet<string>>();

/** Called once, by `readConfiguration`. */
export function rememberSecrets(configuration: Configuration, secrets: ReadonlySet<string>): void {
  secretsOf.set(configuration, secrets);
}

/** A shorter text is no secret, and to replace it everywhere would make every message unreadable. */
const shortestSecret = 4;

/**
 * A function that replaces every secret of these configurations in any text: whole connection strings, and the
 * passwords and keys in them by themselves, also where they are percent-encoded or are within JSON. For logs.
 *
 *     const redact = redactor(configuration);
 *     redact('login with hunter22 failed'); // login with [secret] failed
 */
export function redactor(...configurations: readonly Configuration[]): (text: string) => string {
  const secrets = configurations.flatMap((configuration) => [...(secretsOf.get(configuration) ?? [])]);
  const spellings = new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]));
  // The longest first: a connection string is replaced as a whole, before its key is.
  const found = [...spellings].filter((s) => s.length >= shortestSecret).sort((a, b) => b.length - a.length);
  if (found.length === 0) return (text) => text;
  const pattern = new RegExp(found.map(escaped).join('|'), 'g');
  return (text) => text.replace(pattern, '[secret]');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
