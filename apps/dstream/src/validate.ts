/** `dstream validate` at work. */
import { load } from './configuration/load.ts';
import { print } from './process/print.ts';

/** Prints what was found to standard output; what is wrong is thrown and exits 2. */
export async function validate(file: string, strict: boolean): Promise<void> {
  const configuration = await load(file, { use: 'validate', strict });
  const notes = configuration.notes.map((note) => `${note} (note)`);
  await print([...notes, `${configuration.file}: the configuration is valid`, ''].join('\n'));
}
