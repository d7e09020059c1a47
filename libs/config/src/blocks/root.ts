/** The file as a whole. */
import type { AdapterTypes } from '../definitions/adapter-types.ts';
import type { SourceType } from '../definitions/source-type.ts';
import { child, type BlockSchema } from '../schema/schema.ts';
import { ingesterSchema } from './ingester.ts';
import { processorSchema, publisherSchema } from './processor.ts';
import { serviceSchema } from './service.ts';

/** @param inline the source whose keys are in `ingester` itself; undefined where a block `source` has them */
export function rootSchema(types: AdapterTypes, inline: SourceType | undefined): BlockSchema {
  return {
    type: '',
    doc: '',
    keys: {},
    blocks: [
      child(ingesterSchema(types, inline), 'optional'),
      child(processorSchema(types), 'optional'),
      child(publisherSchema(types), 'optional'),
      child(serviceSchema, 'optional'),
    ],
  };
}
