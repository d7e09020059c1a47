import { loadConfiguration } from '@dstream/config';
import { publisherTypes } from '@dstream/publishers';

/** Checks a file. Prints what was found to standard output; what is wrong is thrown and exits 2. */
export async function validate(file: string): Promise<number> {
  const configuration = await loadConfiguration(file, {
    env: process.env,
    use: 'validate',
    outputs: publisherTypes,
  });
  for (const note of configuration.notes) process.stdout.write(`note: ${note}\n`);
  process.stdout.write(`${file}: the configuration is valid\n`);
  return 0;
}
