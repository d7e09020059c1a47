/** The file of `--entities`: JSON in the format of the Config.json of the official emulators. */
import { readFile } from 'node:fs/promises';
import { parseEntities, type Entities } from './entities.ts';

/** The file cannot be used. The message names file and place and says what would be right. */
export class EntitiesInvalid extends Error {
  override readonly name = 'EntitiesInvalid';
}

export async function readEntities(path: string): Promise<Entities> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new EntitiesInvalid(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  });
  return checked(path, parsed(path, text));
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EntitiesInvalid(`${path} is no JSON: ${reason}`, { cause: error });
  }
}

function checked(path: string, value: unknown): Entities {
  try {
    return parseEntities(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EntitiesInvalid(`${path}: ${reason}`, { cause: error });
  }
}

const reasons: Readonly<Partial<Record<string, string>>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return reasons[code] ?? (error as Error).message;
}
