/**
 * Removes from a text what looks like a secret: connection strings, tokens and signed addresses that dependencies put
 * into messages, in any spelling. It removes too much rather than too little. The secrets of a configuration are known
 * and are removed by their value elsewhere.
 */
const hidden = '[secret]';

const words = [
  'shared[-_]?access[-_]?key',
  'shared[-_]?access[-_]?signature',
  'account[-_]?key',
  'api[-_]?key',
  'password|passwd|passphrase|pwd',
  'client[-_]?secret|secret',
  '(?:access|refresh|id)[-_]?token',
  'sig',
].join('|');

/** Not the tail of another word, as `sig` of `config`; `%3B` before it is a character that is encoded. */
const name = `(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))(?:${words})`;

/** `=` with its value right after it, or with blanks around: "Password= in the connection string" is advice. */
const equals = String.raw`(?:=(?=\S)|\s+=\s*)`;

/** A quote, within JSON with its backslashes; doubled, or with one more backslash, it belongs to the value. */
const quoted = String.raw`(?<q>\\*")(?:\k<q>\k<q>|(?!(?<!\\)\k<q>)[^])*(?:\k<q>|$)`;
const inQuotes = String.raw`'(?:[^']|'')*(?:'|$)`;
const inBraces = String.raw`\{(?:[^}]|\}\})*(?:\}|$)`;
/** Up to the next keyword, where one follows: a value may hold blanks. Else up to a blank. */
const bare = String.raw`[^;\n]+?(?=;\s*[A-Za-z][\w ]*=)|[^;\s]+`;

/** Groups: what is kept, and what may be secret. */
const rules: readonly RegExp[] = [
  new RegExp(`(?<stays>${name}${equals})(?<value>${quoted}|${inQuotes}|${inBraces}|${bare})`, 'gi'),
  new RegExp(String.raw`(?<stays>${name}%3D)(?<value>(?:(?!%3B|%26)[^\s;&"'\\])+)`, 'gi'),
  // JSON, also JSON within JSON, and the inspector's form.
  new RegExp(
    String.raw`(?<stays>(?:${name}|authorization)\\*["']?\s*:\s*)(?<value>${quoted}|${inQuotes})`,
    'gi',
  ),
  // user:password@host. A password may hold anything but a blank; a port is none.
  /(?<stays>(?<![A-Za-z0-9])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'\\?#]*:)(?<value>(?!\d+(?:[/?#]|$))[^\s"]+(?=@))/gi,
  /(?<stays>\b(?:Bearer|Basic|SharedKey(?:Lite)?)\s+)(?<value>[A-Za-z0-9+/._~:-]{8,}=*)/gi,
  // A JSON web token, and the keys of Azure services: 32 or 64 bytes of base64.
  /(?<stays>)(?<value>\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*)/g,
  /(?<stays>(?<![A-Za-z0-9+/=]))(?<value>(?:[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=]))/g,
];

/** A placeholder in advice: `Password=…`, `SharedAccessKey=KEY is expected`. */
const placeholder = /^(?:…|\.\.\.|\[secret\]|[A-Z]{3,}$)/;

interface Groups {
  readonly stays: string;
  readonly value: string;
}

/** The text with `[secret]` in place of what looks like one. Called for every error and log line. */
export function withoutSecrets(text: string): string {
  return rules.reduce((rest, rule) => rest.replace(rule, replacement), text);
}

function replacement(whole: string, ...rest: unknown[]): string {
  const { stays, value } = rest.at(-1) as Groups;
  return placeholder.test(value) ? whole : `${stays}${hidden}`;
}

/** `\n    at run (file:///…:12:3)`, and as JSON writes it. */
const frames = /(?:\r?\n|(?:\\r)?\\n)[ \t]+at (?:(?!\\n|\\r)[^\n\r"])+/g;

/** The text without the stack frames that a dependency has put into it. */
export function withoutFrames(text: string): string {
  return text.replace(frames, '');
}
