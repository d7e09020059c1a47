/** The rule by which consecutive changes become one message (DESIGN 7): as many as fit, never waiting for more. */

/** Changes of one message, at most. What failed of so many still fits into the properties of a dead letter. */
export const maxChangesOfMessage = 10_000;

export interface PackLimits {
  /** Bytes of a message's body beyond which no further change is added. One larger change travels alone. */
  readonly maxBytes: number;
  readonly maxChanges: number;
}

/** One change as a line of JSON. */
export interface Line {
  readonly line: string;
  /** Length of `line` in UTF-8 bytes. */
  readonly bytes: number;
}

/** Neighbours that travel together. */
export interface Together<T> {
  readonly items: readonly [T, ...T[]];
  /** Bytes of their lines, with line ends between them. */
  readonly bodyBytes: number;
}

export interface Pack<T extends Line> extends Together<T> {
  /** The lines, with line ends between them. */
  readonly body: string;
}

/** `items` in their order, in as few packs as the limits allow. */
export function inPacks<T extends Line>(items: readonly T[], limits: PackLimits): Pack<T>[] {
  return together(items, limits, ({ bytes }) => bytes).map((pack) => ({ ...pack, body: bodyOf(pack.items) }));
}

/** The same of what is not a line yet: `bytesOf` tells how long it will be. */
export function together<T>(
  items: readonly T[],
  limits: PackLimits,
  bytesOf: (item: T) => number,
): Together<T>[] {
  const packs: Together<T>[] = [];
  let open: [T, ...T[]] | undefined;
  let bytes = 0;
  const close = () => {
    if (open !== undefined) packs.push({ items: open, bodyBytes: bytes });
  };
  for (const item of items) {
    const own = bytesOf(item);
    if (open !== undefined && open.length < limits.maxChanges && bytes + 1 + own <= limits.maxBytes) {
      open.push(item);
      bytes += own + 1;
    } else {
      close();
      open = [item];
      bytes = own;
    }
  }
  close();
  return packs;
}

function bodyOf(items: readonly [Line, ...Line[]]): string {
  return items.length === 1 ? items[0].line : items.map(({ line }) => line).join('\n');
}
