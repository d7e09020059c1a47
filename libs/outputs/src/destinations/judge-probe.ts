/** What can be said of an output whose destinations are named after changes: whether its namespace accepts the login. Pure. */
import type { CheckResult, DStreamError } from '@dstream/core';
import type { CheckedBroker } from '@dstream/service-bus/check';

/** A link to it is tried. It need not exist. */
export const probeName = 'dstream-check';

/** What was tried. */
export interface Probe {
  readonly check: string;
  readonly template: string;
  readonly broker: CheckedBroker;
}

/**
 * An answer that there is no such destination shows that the credentials were accepted. A refused identity may have its role
 * at the destinations alone; a refused key is wrong.
 * @param judge what the error means of a destination that is known
 */
export function judgeProbe(
  { check, template, broker: { namespace, login } }: Probe,
  error: DStreamError | undefined,
  judge: (error: DStreamError) => CheckResult,
): CheckResult {
  const names = `destinations are named "${template}"`;
  if (error === undefined || error.code === 'EntityNotFound') {
    const message = `namespace ${namespace} accepts this login; ${names}, and each is looked up with its first change`;
    return { outcome: 'passed', check, message };
  }
  if (error.code !== 'Unauthorized' || login.kind === 'key') return judge(error);
  return {
    outcome: 'warned',
    check,
    message: `the identity ${login.principal} has no role to send in namespace ${namespace}; ${names}, and it may have one at each`,
    remedy: {
      kind: 'command',
      text: `az role assignment list --all --assignee ${login.principal} -o table`,
    },
  };
}
