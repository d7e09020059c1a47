import { partitionOf } from '@dstream/core';
import { InMemoryChangeSource, type InMemoryChange } from '@dstream/core/in-memory/change-source';
import type { CapturedDatabase, PersonChange } from './captured-database.ts';
import { systemClock } from '@dstream/async';

/** Replays what was done to the database into every source that is opened later. */
export function inMemoryDatabase(): CapturedDatabase {
  const done: ((source: InMemoryChangeSource) => void)[] = [];
  const open: InMemoryChangeSource[] = [];
  const act = (what: (source: InMemoryChangeSource) => void) => {
    done.push(what);
    open.forEach(what);
    return Promise.resolve();
  };
  const partition = (table: string) =>
    partitionOf({ source: 'memory', database: 'db', schema: 'dbo', table });
  const captured = new Set<string>();
  return {
    capture: (name) => {
      captured.add(name);
      return act((source) => source.addTable(name));
    },
    commit: (changes) => act((source) => source.commit(changes.map(changeOf))),
    cleanUp: (name) => act((source) => source.cleanUp(partition(name))),
    source: (tables, start = 'earliest') => {
      const source = new InMemoryChangeSource({ clock: systemClock, maxChanges: 2, start });
      done.forEach((what) => what(source));
      tables.filter((name) => !captured.has(name)).forEach((name) => source.addMissingTable(name));
      open.push(source);
      return source;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function changeOf(change: PersonChange): InMemoryChange {
  const { table } = change;
  if ('insert' in change) return { table, operation: 'insert', data: { ...change.insert } };
  if ('delete' in change) return { table, operation: 'delete', data: { ...change.delete } };
  return { table, operation: 'update', data: { ...change.update }, before: { ...change.before } };
}
