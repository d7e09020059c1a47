import {
  defineOutput,
  duration,
  filePath,
  optional,
  required,
  sizeInBytes,
  withDefault,
} from '@dstream/config/schema';
import { pathFinding, PathTemplate } from './file-path.ts';

/** `output { type = "file" }`. */
export const fileType = defineOutput({
  type: 'file',
  doc: 'Files of JSON lines. A change counts as delivered when it is safely on the disk.',
  keys: {
    path: required(
      filePath,
      'Path of the current file. A finished file has the time it was finished in its name.',
      {
        keepsNames: true,
      },
    ),
    max_bytes: withDefault(
      sizeInBytes({ min: 4096, max: 1_099_511_627_776 }),
      104_857_600,
      'Size at which a new file is started. Only a longer single line exceeds it.',
    ),
    max_age: optional(
      duration({ min: '1s', max: '720h' }),
      'no limit',
      'Age at which a file is finished, counted from its first line.',
    ),
  },
  settings: (reading, findings) => {
    const { path, max_bytes: maxBytes, max_age: maxAgeMs } = reading.values;
    const finding = reading.isSound('path') ? pathFinding(path) : undefined;
    if (finding !== undefined) findings.add(reading.placeOf('path'), finding);
    return { path, maxBytes, maxAgeMs };
  },
  names: ({ path }, hash) => {
    const template = new PathTemplate(path, hash);
    return (table) => template.plannedFor(table);
  },
  async *checks(settings, { hash }, o) {
    const { checkFile } = await import('./check-file.ts');
    yield* checkFile(settings, hash, o);
  },
  open: async (settings, services) => {
    const [{ FilePublisher }, { nodeFileSystem }, { thisProcess }] = await Promise.all([
      import('./file-publisher.ts'),
      import('./file-system.ts'),
      import('./path-lock.ts'),
    ]);
    return new FilePublisher({ ...settings, ...services, files: nodeFileSystem, identity: thisProcess });
  },
});
