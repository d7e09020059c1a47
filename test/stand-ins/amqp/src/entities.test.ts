import { describe, expect, test } from 'vitest';
import { busEntitiesOf, hubEntitiesOf, parseEntities } from './entities.ts';

const bus = { Namespaces: [{ Name: 'a', Topics: [{ Name: 'changes' }] }] };
const hubs = {
  NamespaceConfig: [
    {
      Type: 'EventHub',
      Name: 'b',
      Entities: [{ Name: 'changes', PartitionCount: '4', ConsumerGroups: [{ Name: 'dstream' }] }],
    },
  ],
};

describe('a file of entities', () => {
  test('may declare both sides, each for itself', () => {
    const entities = parseEntities({ UserConfig: { ...bus, ...hubs } });
    expect(busEntitiesOf(entities)).toEqual({ UserConfig: bus });
    expect(hubEntitiesOf(entities)).toEqual({ UserConfig: hubs });
  });

  test('leaves the other side open when it declares one', () => {
    expect(hubEntitiesOf(parseEntities({ UserConfig: bus }))).toBeUndefined();
    expect(busEntitiesOf(parseEntities({ UserConfig: hubs }))).toBeUndefined();
  });

  test('without either side is refused', () => {
    expect(() => parseEntities({ UserConfig: {} })).toThrow('UserConfig.Namespaces must be a list');
    expect(() => parseEntities(null)).toThrow('the file must be an object');
  });

  test('whose other side is wrong is refused', () => {
    const wrong = { UserConfig: { ...hubs, Namespaces: [{ Topics: [{}] }] } };
    expect(() => parseEntities(wrong)).toThrow('UserConfig.Namespaces[0].Topics[0].Name must be a name');
  });

  const hub = (fields: object) => ({
    UserConfig: {
      NamespaceConfig: [{ Entities: [{ Name: 'changes', PartitionCount: 2, ...fields }] }],
    },
  });
  const place = 'UserConfig.NamespaceConfig[0].Entities[0]';

  test.each([
    [{ Name: '' }, `${place}.Name must be a name`],
    [{ PartitionCount: '0' }, `${place}.PartitionCount must be a number from 1 to 2048`],
    [{ PartitionCount: 'two' }, `${place}.PartitionCount must be a number from 1 to 2048`],
    [{ Partitions: 2 }, `${place}.Partitions must be one of Name, PartitionCount, ConsumerGroups`],
    [{ ConsumerGroups: ['dstream'] }, `${place}.ConsumerGroups[0] must be an object`],
  ])('names what is wrong with a hub: %j', (fields, message) => {
    expect(() => parseEntities(hub(fields))).toThrow(message);
  });

  test('refuses two hubs of one name', () => {
    const twice = [{ Entities: [1, 2].map(() => ({ Name: 'Changes', PartitionCount: 1 })) }];
    expect(() => parseEntities({ UserConfig: { NamespaceConfig: twice } })).toThrow(
      `UserConfig.NamespaceConfig[0].Entities[1].Name must be a name that no other hub has`,
    );
  });
});
