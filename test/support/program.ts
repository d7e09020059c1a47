/** The launcher of the `dstream` under test. */
import { fileURLToPath } from 'node:url';

/** That of an installed package, instead of the one in this workspace: `npm run test:package` names it. */
export const installedLauncher = process.env['DSTREAM_TEST_PROGRAM'];

export const launcher =
  installedLauncher ?? fileURLToPath(new URL('../../apps/dstream/bin/dstream', import.meta.url));
