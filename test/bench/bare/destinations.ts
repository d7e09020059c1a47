/** Where the bare loop brings changes. */

export type BareDestination = { readonly type: 'console' };

/** Resolves when the destination has the changes. */
export type Write = (
  lines: readonly string[],
  events: readonly { readonly metadata: { readonly id: string } }[],
  session: string,
) => Promise<void>;

export function openDestination(destination: BareDestination): Promise<Write> {
  const open = { console: () => Promise.resolve(writeLines) };
  return open[destination.type]();
}

function writeLines(lines: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${lines.join('\n')}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
