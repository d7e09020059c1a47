/** The checks of this process: memory. Another process on another machine may have other limits. */
import { getHeapStatistics } from 'node:v8';
import type { CheckResult } from '@dstream/core';
import type { CheckedPart } from '@dstream/runtime/service-context';

/** What a process may have, in bytes. */
export interface MemoryLimits {
  /** V8's own limit of the heap. */
  readonly heap: number;
  /** Of the container or the machine; undefined when there is none. */
  readonly process: number | undefined;
}

/** Its checks. */
export function processChecks(limits = memoryLimits): CheckedPart {
  return {
    path: 'process',
    type: '',
    async *checks() {
      yield { outcome: 'passed', check: 'process.node', message: `Node.js ${process.versions.node}` };
      yield judgeMemory(limits());
    },
  };
}

/** Node.js gives 0 or a very large number where a process is not constrained ("process.constrainedMemory()"). */
function memoryLimits(): MemoryLimits {
  const constrained = process.constrainedMemory();
  const isLimited = constrained > 0 && constrained < Number.MAX_SAFE_INTEGER;
  return { heap: getHeapStatistics().heap_size_limit, process: isLimited ? constrained : undefined };
}

/** What a process takes besides its heap: code, stacks and buffers. */
const besidesHeap = 128 * 1_048_576;

/** Pure. */
export function judgeMemory({ heap, process: limit }: MemoryLimits): CheckResult {
  const check = 'process.memory';
  const own = `the heap may grow to ${mebibytes(heap)}`;
  if (limit === undefined)
    return { outcome: 'passed', check, message: `${own}; this process has no memory limit` };
  const message = `${own}; the memory limit is ${mebibytes(limit)}`;
  const needed = heap + besidesHeap;
  if (limit >= needed) return { outcome: 'passed', check, message };
  const text = `raise the memory limit to ${mebibytes(needed)} or more, or a backlog may run the process out of memory`;
  return { outcome: 'warned', check, message, remedy: { kind: 'advice', text } };
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_048_576)} MiB`;
}
