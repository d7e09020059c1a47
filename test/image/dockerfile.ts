/** What `deploy/Dockerfile` says of itself. Pure, of its text. */

export interface BaseImage {
  /** As `node:24.21.0-trixie-slim`. */
  readonly name: string;
  /** Version of Node.js, by the name. */
  readonly node: string;
  /** Release of Debian, by the name. */
  readonly suite: string;
}

/** Its base. Throws when it is named in another way than the official images are. */
export function baseImage(dockerfile: string): BaseImage {
  const name = defaultOf(dockerfile, 'NODE_IMAGE');
  const [, node, suite] = /^node:(\d+\.\d+\.\d+)-(\w+)-slim$/.exec(name) ?? [];
  if (node === undefined || suite === undefined)
    throw new Error(`deploy/Dockerfile: ${name} is not node:VERSION-RELEASE-slim`);
  return { name, node, suite };
}

/** What `ARG name` is when nobody sets it. */
export function defaultOf(dockerfile: string, name: string): string {
  const value = new RegExp(`^ARG ${name}=(.*)$`, 'm').exec(dockerfile)?.[1];
  if (value === undefined) throw new Error(`deploy/Dockerfile has no ARG ${name}`);
  return value;
}
