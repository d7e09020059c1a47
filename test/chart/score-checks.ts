/** kube-score: habits of good manifests, in what helm rendered. */
import type { ForeignClient } from '../foreign/foreign-client.ts';
import { build, goOf, kubeScore, run } from './go-tools.ts';
import type { Rendered } from './helm-checks.ts';

/** What the chart does otherwise, and why. */
const notHeeded = [
  // A tag of ours is never pushed twice; a digest may be given.
  'container-image-pull-policy',
  // The one writable directory is an emptyDir with a size limit.
  'container-ephemeral-storage-request-and-limit',
  // Off unless asked for: who may be reached is known only where it runs.
  'pod-networkpolicy',
  // The values of `everything` turn it off for one workload.
  'deployment-has-poddisruptionbudget',
];

/** @param rendered filled by the checks before */
export const scoreChecks = (rendered: readonly Rendered[]): Required<ForeignClient> => ({
  name: 'kube-score',
  tools: goOf(kubeScore),
  limitMs: 10 * 60_000,
  prepare: (signal) => build(kubeScore, signal),
  run: async (report, signal) => {
    if (rendered.length === 0) return report.skipped('all', 'helm rendered nothing');
    for (const { name, version, path } of rendered) {
      const check = `${name} for Kubernetes ${version}`;
      // A limit of CPU makes the event loop late; the request is what counts.
      const options = ['--ignore-container-cpu-limit', '--ignore-test', notHeeded.join(',')];
      const args = [
        'score',
        '--output-format',
        'ci',
        '--kubernetes-version',
        `v${version}`,
        ...options,
        path,
      ];
      const { code, stdout, stderr } = await run(kubeScore, args, { signal });
      const critical = stdout.split('\n').filter((line) => line.startsWith('[CRITICAL]'));
      if (code === 0) report.passed(check);
      else report.failed(check, critical.join('; ') || stderr);
    }
  },
});
