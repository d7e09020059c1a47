import { defineConfig } from 'vitest/config';
import workspace from '../../vitest.config.ts';

/** `npm run test:package`: the package itself, and tests of the workspace with the `dstream` of the package. */
export default defineConfig({
  test: {
    ...workspace.test,
    projects: [
      {
        test: {
          name: 'package',
          include: ['test/package/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'installed',
          globalSetup: 'test/package/install-once.ts',
          include: [
            'test/integration/command-line.test.ts',
            'test/e2e/{original,outputs,transform-examples}.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
