/** What `dstream check` says of a storage account that refuses, and what to run. Pure; holds no secret. */
import type { DStreamError, FailedCheck, Remedy } from '@dstream/core';
import { errorCodeOf } from './translate-error.ts';

/** Which account, and who signs in there. */
export interface BlobAccess {
  readonly account: string;
  readonly container: string;
  readonly login:
    | { readonly kind: 'key' }
    | { readonly kind: 'signature' }
    | { readonly kind: 'identity'; readonly principal: string };
}

/** @param error its cause is that of the client @param tried as it reads after "may not" */
export function judgeRefusal(access: BlobAccess, error: DStreamError, tried: string): FailedCheck {
  const { account, container } = access;
  const common = { outcome: 'failed', check: 'blobs.access', subject: container } as const;
  if (error.code !== 'Unauthorized') {
    const text = `check again; if it stays, look at the storage account ${account} in the portal: Metrics, Availability`;
    return { ...common, check: 'blobs.answer', message: error.message, remedy: { kind: 'advice', text } };
  }
  const code = errorCodeOf(error.cause) ?? 'no code';
  const [why, remedy] = reasonOf(access, code);
  return {
    ...common,
    message: `this login may not ${tried} in storage account ${account}: ${why} (${code})`,
    remedy,
  };
}

/** "Common REST API error codes", "Azure Storage firewalls", "Prevent Shared Key authorization". */
function reasonOf(access: BlobAccess, code: string): readonly [why: string, remedy: Remedy] {
  const { account, login } = access;
  if (code === 'AuthorizationFailure')
    return ['its firewall does not let this address in', firewallRemedy(account)];
  if (code === 'KeyBasedAuthenticationNotPermitted') {
    const text = `write account_url = "https://${account}.blob.core.windows.net" in locks instead of connection_string`;
    return ['it accepts identities only', { kind: 'advice', text }];
  }
  if (login.kind === 'identity')
    return ['the identity has no role for it', roleRemedy(account, login.principal)];
  if (login.kind === 'signature') {
    const text =
      'make a shared access signature with the permissions rwdlc for service b and resource types co';
    return [
      'its shared access signature is wrong, has ended, or lacks a permission',
      { kind: 'advice', text },
    ];
  }
  return ['the account key is wrong, or the clock here is off by more than 15 minutes', keyRemedy(account)];
}

function roleRemedy(account: string, principal: string): Remedy {
  const scope = `"$(az storage account show -n ${account} --query id -o tsv)"`;
  const role = '"Storage Blob Data Contributor"';
  const text = `az role assignment create --assignee ${principal} --role ${role} --scope ${scope}`;
  return { kind: 'command', text };
}

function firewallRemedy(account: string): Remedy {
  const lines = [
    `GROUP=$(az storage account show -n ${account} --query resourceGroup -o tsv)`,
    '# ADDRESS is the public address from which this machine goes out; or use a private endpoint',
    `az storage account network-rule add -g "$GROUP" --account-name ${account} --ip-address ADDRESS`,
  ];
  return { kind: 'command', text: lines.join('\n') };
}

function keyRemedy(account: string): Remedy {
  const text = `# compare it with what is configured\naz storage account show-connection-string -n ${account} -o tsv`;
  return { kind: 'command', text };
}

/** The container is not there: whether it can be created is seen by who creates it. */
export function containerMissing({ account, container }: BlobAccess): FailedCheck {
  return {
    outcome: 'warned',
    check: 'blobs.container',
    subject: container,
    message: `container ${container} does not exist in storage account ${account}: an ingester creates it, if its login may`,
    remedy: {
      kind: 'command',
      text: `az storage container create --account-name ${account} -n ${container} --auth-mode login`,
    },
  };
}

/** The blob of the check could not be removed. */
export function leftBehind(
  { account, container }: BlobAccess,
  name: string,
  { message }: DStreamError,
): FailedCheck {
  return {
    outcome: 'warned',
    check: 'blobs.removed',
    subject: container,
    message: `the blob ${name} of this check is left behind: ${message}`,
    remedy: {
      kind: 'command',
      text: `az storage blob delete --account-name ${account} -c ${container} -n ${name} --auth-mode login`,
    },
  };
}

/** Versions of blobs are kept. */
export function keepsVersions({ account }: BlobAccess): FailedCheck {
  const lines = [
    `GROUP=$(az storage account show -n ${account} --query resourceGroup -o tsv)`,
    '# delete old versions by a rule of lifecycle management; or, for everything in the account:',
    `# az storage account blob-service-properties update -g "$GROUP" -n ${account} --enable-versioning false`,
  ];
  return {
    outcome: 'warned',
    check: 'blobs.versioning',
    message: `storage account ${account} keeps every version of a blob: each checkpoint that is saved leaves one, which costs`,
    remedy: { kind: 'command', text: lines.join('\n') },
  };
}

/** When a shared access signature ends, and what it allows: `se` and `sp` ("Create an account SAS"). */
export function judgeSignature(signature: string, nowMs: number): FailedCheck | undefined {
  const fields = new URLSearchParams(signature.replace(/^\?/, ''));
  const [end, allowed] = [Date.parse(fields.get('se') ?? ''), fields.get('sp')];
  const check = 'blobs.signature';
  const text =
    'make another shared access signature, with the permissions rwdlc; or use account_url and an identity';
  const remedy = { kind: 'advice', text } as const;
  const shown = new Date(Number.isNaN(end) ? 0 : end).toISOString().slice(0, 16);
  if (end <= nowMs)
    return { outcome: 'failed', check, message: `the shared access signature ended at ${shown} UTC`, remedy };
  const missing = allowed === null ? [] : ['r', 'w', 'd', 'l'].filter((one) => !allowed.includes(one));
  if (missing.length > 0) {
    const message = `the shared access signature lacks the permissions ${missing.join('')} (its sp is "${allowed}")`;
    return { outcome: 'failed', check, message, remedy };
  }
  if (end - nowMs > 7 * 86_400_000 || Number.isNaN(end)) return undefined;
  return { outcome: 'warned', check, message: `the shared access signature ends at ${shown} UTC`, remedy };
}
