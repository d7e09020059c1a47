import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Errors name the proxy that a machine has: tests are of none. */
const noProxy = Object.fromEntries(
  ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy'].map((name) => [
    name,
    '',
  ]),
);

/** What needs sockets, processes or several packages. */
const across = ['test/{contract,integration,e2e,chaos}/**/*.test.ts'];

/** Those that limit how long something takes, or count what happens within a time: they have both cores, one after the other. */
const timing = [
  'test/integration/{service-bus-adapter,sqlserver-cost}.test.ts',
  'test/e2e/{recovery,signals,stopping,playground,playground-terminal}.test.ts',
];

/** Real services are there for one file at a time: suites share a topic. */
const onRealServices = Object.keys(process.env).some((name) =>
  /^DSTREAM_TEST_.*CONNECTION_STRING$/.test(name),
);

const ofProcesses = {
  // The many processes that end-to-end tests start find their modules compiled: half the CPU of a start.
  env: {
    ...noProxy,
    NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
  },
  // CI shares its two cores: who is late there is asked once more, and vitest says so. What fails twice fails.
  retry: process.env['CI'] === undefined ? 0 : 1,
  testTimeout: 30_000,
  hookTimeout: 30_000,
};

export default defineConfig({
  test: {
    reporters: ['default', './tools/closing-line-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          env: noProxy,
          // One process per core runs them all: to load every module anew for each file took four fifths of the time.
          isolate: false,
          sequence: { groupOrder: 0 },
          // They take milliseconds; on two cores that others use too, some properties and imports take seconds.
          testTimeout: 20_000,
          include: [
            'libs/*/src/**/*.test.ts',
            'libs/{sources,queues,leases}/*/src/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'test/stand-ins/*/src/**/*.test.ts',
            'test/{architecture,chart,containers,foreign,image}/**/*.test.ts',
            'tools/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          ...ofProcesses,
          name: 'integration',
          include: across,
          exclude: timing,
          maxWorkers: onRealServices ? 1 : 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...ofProcesses,
          name: 'timing',
          include: timing,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
