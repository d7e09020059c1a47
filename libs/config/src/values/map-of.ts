import { faulty, sound, type Fault, type Given, type Result, type ValueType } from './value-type.ts';

/** How messages speak of the object and its entries. */
export interface MapRule {
  /** Of the entries, in the plural: `column names to texts`. */
  readonly what: string;
  /** What is wrong with the name of an entry, for names that may not be there. */
  readonly name: ValueType<string>;
  /** An object that is right, for advice: `{ Comment = 100 }`. */
  readonly example: string;
  /** Names with the same text are the same name. */
  readonly key: (name: string) => string;
}

/** An object whose entries are values of one type, at least one: `{ Comment = 100 }`. In the order of the parser, by name. */
export function mapOf<T>(value: ValueType<T>, rule: MapRule): ValueType<ReadonlyMap<string, T>> {
  return {
    expected: `object of ${rule.what}`,
    blank: new Map(),
    read: ({ entries, shown }) => {
      if (entries === undefined) return faulty(`${shown} is not an object`, `write ${rule.example}`);
      if (entries.size === 0) return faulty('the object is empty', `write ${rule.example}`);
      return readEntries(value, entries, rule);
    },
  };
}

function readEntries<T>(
  value: ValueType<T>,
  entries: ReadonlyMap<string, Given>,
  { name: nameType, key }: MapRule,
): Result<ReadonlyMap<string, T>> {
  const values = new Map<string, T>();
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [name, given] of entries) {
    const [readName, read] = [nameType.read(asGiven(name)), value.read(given)];
    if ('faults' in readName) faults.push(...readName.faults);
    if ('faults' in read) faults.push(...read.faults.map((fault) => ofEntry(name, fault)));
    if (seen.has(key(name))) faults.push({ wrong: `duplicate name ${name}`, right: 'remove one' });
    seen.add(key(name));
    if ('value' in read) values.set(name, read.value);
  }
  return faults.length > 0 ? { faults } : sound(values);
}

function ofEntry(name: string, { wrong, right }: Fault): Fault {
  return { wrong: `${name}: ${wrong}`, ...(right !== undefined && { right }) };
}

function asGiven(name: string): Given {
  return { value: name, shown: JSON.stringify(name), fromVariable: false, items: [] };
}
