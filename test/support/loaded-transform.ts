/** A transform as a configuration file opens it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@dstream/async';
import type { AdapterTypes, TransformConfig } from '@dstream/config';
import { silentLog, type Transform, type TransformServices } from '@dstream/core';
import { sha256Hex } from '@dstream/runtime';
import { transformTypes } from '@dstream/transforms';
import { fixedTypes } from './fixed-types.ts';
import { loadText } from './in-memory-types.ts';

const services: TransformServices = {
  name: 'one',
  clock: systemClock,
  log: silentLog,
  random: Math.random,
  hash: sha256Hex,
  credential: () => {
    throw new Error('nobody signs in here');
  },
};

/**
 * Opens such transforms; the file is read once.
 * @param body what stands between the braces of the block, besides `type`
 * @param transforms the types that the file may name
 */
export function loadedTransform(
  type: string,
  body: string,
  transforms: AdapterTypes['transforms'] = transformTypes,
): () => Promise<Transform> {
  let loading: Promise<TransformConfig> | undefined;
  return async () => {
    loading ??= load(type, body, transforms);
    return await (await loading).open(services);
  };
}

async function load(
  type: string,
  body: string,
  transforms: AdapterTypes['transforms'],
): Promise<TransformConfig> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-transform-'));
  try {
    const { processor } = await loadText(folder, fileText(type, body), {
      types: { ...fixedTypes, transforms },
      use: ['processor'],
      env: {
        BUS: 'Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;',
      },
    });
    const [transform] = processor?.transforms ?? [];
    if (transform === undefined) throw new Error('the file has no transform');
    return transform;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function fileText(type: string, body: string): string {
  return `processor {
  source {
    connection_string = "{{ env "BUS" }}"
    topic             = "changes"
  }
  output {
    type = "console"
  }
  transform "one" {
    type = "${type}"
    ${body}
  }
}
`;
}
