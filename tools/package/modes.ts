/** The modes of what is staged: a checkout has those that the umask of its owner leaves. */
import { globSync } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Everyone may read what lies in `folder`, and run what its owner may: the image has another user. No one else may write. */
export async function openToEveryone(folder: string): Promise<void> {
  for (const path of [folder, ...globSync('**/*', { cwd: folder }).map((name) => join(folder, name))]) {
    const { mode } = await stat(path);
    await chmod(path, (mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
