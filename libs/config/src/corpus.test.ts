/**
 * Wrong files and exactly what is said of them: `corpus/NAME.hcl` and `corpus/NAME.txt`. A first line such as
 * `# command: processor` is what the file is loaded for; without it, for ingester and processor.
 * After a change of wording: `npx vitest run --project unit -u libs/config`, and read the difference.
 */
import { readdir, readFile } from 'node:fs/promises';
import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { fixedTypes as types } from '../../../test/support/fixed-types.ts';
import { someOutputs } from './corpus/some-outputs.ts';
import { parseHcl } from './text/parse-hcl.ts';
import { readConfiguration, type Use } from './read-configuration.ts';

const folder = new URL('corpus/', import.meta.url);
const names = (await readdir(folder)).filter((file) => file.endsWith('.hcl')).sort();

const env = {
  DB: 'Server=db1;Database=shop;User Id=dstream;Password=open-sesame',
  BUS: 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=open-sesame',
  BLOB: 'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=open-sesame;EndpointSuffix=core.windows.net',
  EMPTY: '',
};

function useOf(text: string): Use {
  const command = /^# command: (\w+)/.exec(text)?.[1];
  if (command === 'validate') return 'validate';
  return command === 'processor' ? ['processor'] : ['ingester', 'processor'];
}

async function complaint(text: string): Promise<string> {
  try {
    await readConfiguration(
      'dstream.hcl',
      text,
      { env, use: useOf(text), types: { ...types, outputs: someOutputs } },
      parseHcl,
    );
  } catch (error) {
    if (error instanceof DStreamError) return `${error.code}\n${error.message}\n`;
    throw error;
  }
  return 'nothing\n';
}

describe('a wrong file is refused with what is wrong, where, and what would be right', () => {
  test('there are enough of them', () => expect(names.length).toBeGreaterThanOrEqual(40));

  test.each(names)('%s', async (name) => {
    const said = await complaint(await readFile(new URL(name, folder), 'utf8'));
    const [code, ...lines] = said.trimEnd().split('\n');
    expect(code).toMatch(/^(?:ConfigInvalid|NotBuilt)$/);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^dstream\.hcl:\d+: /);
    expect(said).not.toContain('sesame');
    await expect(said).toMatchFileSnapshot(`corpus/${name.replace('.hcl', '.txt')}`);
  });
});
