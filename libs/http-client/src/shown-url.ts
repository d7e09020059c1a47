/** How a URL is shown: without what may be a secret in it. */

/** A part of a path that may be a token, as webhooks of chat services have: it is long, or it is not short and has a digit. */
const tokenLike = /^(?=.*\d).{12,}$|^.{20,}$/;

/** The URL for people: without its query, and without what may be a token in its path. */
export function shownUrl(url: string, isToken = (part: string) => tokenLike.test(part)): string {
  const [address = ''] = url.split(/[?#]/, 1);
  const [scheme, empty, host, ...path] = address.split('/');
  return [scheme, empty, host, ...path.map((part) => (isToken(part) ? '…' : part))].join('/');
}

/** The parts of a path that may be a token. */
export function tokensOf(url: string): readonly string[] {
  const [address = ''] = url.split('?', 1);
  return address
    .split('/')
    .slice(3)
    .filter((part) => !part.includes('{{') && tokenLike.test(part));
}

/** What is not shown of a configured URL. It may hold templates. */
export function secretPartsOf(url: string): readonly string[] {
  const [, query] = url.split('?', 2);
  const values = [...new URLSearchParams(query ?? '')].flatMap(([, value]) => [
    value,
    encodeURIComponent(value),
  ]);
  // A short value is hardly a key, and it would be replaced wherever it occurs.
  return [...tokensOf(url), ...values.filter((value) => value.length >= 8 && !value.includes('{{'))];
}

/** What a request carries that a service may repeat in its answer. */
export interface RequestSecrets {
  /** As configured: its query, and what may be a token in its path. */
  readonly url: string;
  /** Every value, alone and without its scheme (`Bearer …`). */
  readonly headers: Readonly<Record<string, string>>;
  /** Others, such as those that sign. */
  readonly others?: readonly string[];
}

/** Takes secrets out of what a service answers. A value of a few characters is no secret. */
export function hidingSecrets({ url, headers, others = [] }: RequestSecrets): (text: string) => string {
  const values = [...Object.values(headers).flatMap(withCredentials), ...secretPartsOf(url), ...others];
  const secrets = values.filter(({ length }) => length >= 8).sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
}

/** A header's value, and what follows its scheme in `Bearer …`. */
export function withCredentials(value: string): readonly string[] {
  const [, credentials] = /^\w+\s+(\S.*)$/s.exec(value.trim()) ?? [];
  return [value.trim(), ...(credentials === undefined ? [] : [credentials.trim()])];
}
