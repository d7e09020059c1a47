/**
 * A Kubernetes API server on this machine, with etcd behind it. It validates, converts, admits and stores as any other one;
 * no controller acts on what it stores, and no node runs pods.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { etcd, kubeApiserver, kubectl, pathOf, run, type GoTool, type Result } from './go-tools.ts';

export interface Cluster extends AsyncDisposable {
  /** Path of the kubeconfig of its administrator. */
  readonly kubeconfig: string;
  /** @param input a manifest, for `-f -` */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<Result>;
}

/** Resolves when it is ready. It ends with its disposal. */
export async function startCluster(signal: AbortSignal): Promise<Cluster> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dstream-cluster-'));
  parts.defer(() => rm(folder, { recursive: true }));
  const [clients, peers, api] = [await freePort(), await freePort(), await freePort()];
  const token = randomUUID();
  const kubeconfig = await writeCredentials(folder, api, token);
  parts.use(await startServer(etcd, folder, etcdArgs(folder, clients, peers)));
  parts.use(await startServer(kubeApiserver, folder, apiArgs(folder, clients, api)));
  const call: Cluster['kubectl'] = (args, input = '') =>
    run(kubectl, ['--kubeconfig', kubeconfig, ...args], { signal, input });
  const ready = async () => (await call(['get', '--raw', '/readyz'])).code === 0;
  await until(ready, () => 'kube-apiserver is ready', 120_000).catch(async (cause: unknown) => {
    const log = await readFile(join(folder, `${kubeApiserver.name}.log`), 'utf8');
    throw new Error(`kube-apiserver did not become ready: ${log.slice(-2_000)}`, { cause });
  });
  const owned = parts.move();
  return { kubeconfig, kubectl: call, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Keys of service accounts, the administrator's token, and the kubeconfig with it. */
async function writeCredentials(folder: string, port: number, token: string): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(join(folder, 'accounts.pub'), publicKey);
  await writeFile(join(folder, 'accounts.key'), privateKey);
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
  const server = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  const path = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: server }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'admin' } }],
    'current-context': 'local',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

function etcdArgs(folder: string, clients: number, peers: number): readonly string[] {
  const [forClients, forPeers] = [`http://127.0.0.1:${clients}`, `http://127.0.0.1:${peers}`];
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${forClients}`,
    `--advertise-client-urls=${forClients}`,
    `--listen-peer-urls=${forPeers}`,
    `--initial-advertise-peer-urls=${forPeers}`,
    `--initial-cluster=default=${forPeers}`,
  ];
}

function apiArgs(folder: string, etcdPort: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${folder}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'accounts.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
  ];
}

/** Writes its log beside its data. Its disposal ends it and waits until it has ended. */
async function startServer(tool: GoTool, folder: string, args: readonly string[]): Promise<AsyncDisposable> {
  const log = await open(join(folder, `${tool.name}.log`), 'w');
  const child = spawn(pathOf(tool), args, { stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  const ended = once(child, 'close');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
    },
  };
}
