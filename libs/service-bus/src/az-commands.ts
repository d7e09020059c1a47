/** Remedies as commands of Azure's command line ("az servicebus", "az eventhubs", "az role assignment"). Pure; no secret. */
import { shellWord, type Remedy } from '@dstream/core';

/** Who signs in at a broker. */
export type Login =
  /** A shared access key, by the name of its rule. */
  | { readonly kind: 'key'; readonly rule: string }
  /** An identity of Microsoft Entra ID, by its object id. */
  | { readonly kind: 'identity'; readonly principal: string };

/** `az servicebus` or `az eventhubs`. */
export type Service = 'servicebus' | 'eventhubs';

/** Commands for a namespace, whose resource group they look up: each without its service and its namespace. Lines with # stay. */
export function azCommands(service: Service, namespace: string, ...commands: readonly string[]): Remedy {
  const lines = commands.map((one) => (one.startsWith('#') ? one : azCommand(service, namespace, one)));
  const group = `GROUP=$(az ${service} namespace list --query "[?name=='${namespace}'].resourceGroup" -o tsv)`;
  return { kind: 'command', text: [group, ...lines].join('\n') };
}

/** One of them, for a line that is not to be run as it stands. */
export function azCommand(service: Service, namespace: string, command: string): string {
  return `az ${service} ${command} -g "$GROUP" --namespace-name ${shellWord(namespace)}`;
}

/** What a login lacks. */
export interface MissingRight {
  readonly service: Service;
  readonly namespace: string;
  readonly login: Login;
  /** Of a shared access key. */
  readonly claim: 'Send' | 'Listen';
  /** Of an identity. */
  readonly role: string;
}

/** Assigns the role to an identity; of a key, shows what it may do and the connection string that is right. */
export function grantRemedy({ service, namespace, login, claim, role }: MissingRight): Remedy {
  if (login.kind === 'identity') {
    const id = `"$(az ${service} namespace list --query "[?name=='${namespace}'].id" -o tsv)"`;
    const text = `az role assignment create --assignee ${login.principal} --role "${role}" --scope ${id}`;
    return { kind: 'command', text };
  }
  const rule = `authorization-rule show -n ${shellWord(login.rule)}`;
  const keys = `authorization-rule keys list -n ${shellWord(login.rule)}`;
  return azCommands(
    service,
    namespace,
    `# its rights must hold ${claim}, and its connection string must be the one that is configured`,
    `namespace ${rule} --query rights -o tsv`,
    `namespace ${keys} --query primaryConnectionString -o tsv`,
  );
}
