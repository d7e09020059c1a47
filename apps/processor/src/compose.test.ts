import type { Configuration } from '@dstream/config';
import type { ServiceContext } from '@dstream/runtime';
import { expect, test } from 'vitest';
import { composeProcessor } from './compose.ts';

test('a processor without an output is refused: it would settle messages that nobody got', async () => {
  const configuration = { file: 'dstream.hcl', processor: { outputs: [] } } as unknown as Configuration;
  const context = { configuration } as ServiceContext<Configuration>;
  await expect(composeProcessor(context)).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: 'dstream.hcl: the processor has no output',
  });
});
