import { partitionIn, partitionOf } from '@dstream/core';
import { InMemoryChangeSource, type InMemoryChange } from '@dstream/memory/change-source';
import { tableOf, type CapturedDatabase, type PersonChange } from './captured-database.ts';
import { systemClock } from '@dstream/async';

/**
 * Replays what was done to the database into every source that is opened later.
 * @param per what a partition holds: a table, or all of them
 */
export function inMemoryDatabase(per: 'table' | 'several'): CapturedDatabase {
  const done: ((source: InMemoryChangeSource) => void)[] = [];
  const open: InMemoryChangeSource[] = [];
  const act = (what: (source: InMemoryChangeSource) => void) => {
    done.push(what);
    open.forEach(what);
    return Promise.resolve();
  };
  const isTable = per === 'table';
  const ofTable = (table: string) => partitionOf({ source: 'memory', database: 'db', schema: 'dbo', table });
  const partitionWith = (table: string) => (isTable ? ofTable(table) : partitionIn('memory/db', 'all'));
  const captured = new Set<string>();
  return {
    can: { partition: per, transactions: true, forgets: isTable ? 'table' : 'everything' },
    capture: (name) => {
      captured.add(name);
      return act((source) => source.addTable(name));
    },
    commit: (changes) => act((source) => source.commit(changes.map(changeOf))),
    cleanUp: (name) => act((source) => source.cleanUp(partitionWith(name))),
    source: (tables, start = 'earliest') => {
      const partition = isTable ? 'table' : 'database';
      const source = new InMemoryChangeSource({ clock: systemClock, maxChanges: 2, start, partition });
      done.forEach((what) => what(source));
      tables.filter((name) => !captured.has(name)).forEach((name) => source.addMissingTable(name));
      open.push(source);
      return source;
    },
    partition: (source, table) => (isTable ? tableOf(source, table) : Promise.resolve(partitionWith(table))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function changeOf(change: PersonChange): InMemoryChange {
  const { table } = change;
  if ('insert' in change) return { table, operation: 'insert', data: { ...change.insert } };
  if ('delete' in change) return { table, operation: 'delete', data: { ...change.delete } };
  return { table, operation: 'update', data: { ...change.update }, before: { ...change.before } };
}
