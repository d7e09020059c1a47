/** What a line of a `dstream` log says to a person: undefined below a warning, for normal operation is silent. */
export function complaintOf(line: string): string | undefined {
  const entry = parsed(line);
  if (entry === undefined) return line.trim() === '' ? undefined : line;
  const { level, msg, reason, error } = entry;
  if (level !== 'warn' && level !== 'error' && level !== 'fatal') return undefined;
  const detail = [reason, error].find((text) => typeof text === 'string');
  const sentence = typeof msg === 'string' ? msg : line;
  return detail === undefined ? sentence : `${sentence} (${detail})`;
}

/** Where the process serves its status, in the line that says so. */
export function addressIn(line: string): string | undefined {
  const http = parsed(line)?.['http'];
  return typeof http === 'string' ? http : undefined;
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? { ...entry } : undefined;
  } catch {
    return undefined;
  }
}
