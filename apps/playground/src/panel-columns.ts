/** The columns of the panel's two tables. */
import { dash, formatCount, formatDuration, formatRate, type TableStatusRow } from '@dstream/status';
import { padTo, type Column } from '@dstream/terminal';
import type { PlaygroundView } from './playground-view.ts';
import type { ProcessView } from './replicas.ts';

/** Each process has its colour, so that a table that changes hands is seen. */
const ownerColours = ['cyan', 'magenta', 'blue', 'green', 'yellow'] as const;

function colourOf(instance: string | null) {
  const number = Number(/-(\d+)$/.exec(instance ?? '')?.[1] ?? Number.NaN);
  return Number.isNaN(number) ? undefined : ownerColours[(number - 1) % ownerColours.length];
}

/** Columns of the tables: owner, lag, rate, state. */
export function tableColumns({ processes }: PlaygroundView): readonly Column<TableStatusRow>[] {
  const isKilled = (owner: string | null) =>
    processes.some(({ instance, state }) => instance === owner && state === 'killed');
  const ingesters = processes.filter(({ command, state }) => command === 'ingester' && state !== 'killed');
  const state = ({ state, owner, fault }: TableStatusRow): string => {
    if (state === 'fault') return fault?.code ?? 'fault';
    if (state === 'running') return 'running';
    if (isKilled(owner)) return 'lease runs out';
    return ingesters.length === 0 ? 'no ingester' : 'no owner yet';
  };
  return [
    { title: 'TABLE', cell: ({ table }) => table.replace(/^dbo\./, ''), least: 8 },
    {
      title: 'OWNER',
      cell: ({ owner }) => owner ?? dash,
      style: ({ owner }) => (isKilled(owner) ? 'dim' : colourOf(owner)),
    },
    { title: 'EPOCH', cell: ({ epoch }) => formatCount(epoch), align: 'right', rank: 3 },
    { title: 'LAG', cell: ({ lagMs }) => padTo(formatDuration(lagMs), 6, 'right'), align: 'right' },
    {
      title: 'RATE',
      cell: ({ changesPerSecond }) => padTo(formatRate(changesPerSecond), 6, 'right'),
      align: 'right',
      rank: 1,
    },
    {
      title: 'SENT',
      cell: ({ changes }) => padTo(formatCount(changes), 6, 'right'),
      align: 'right',
      rank: 2,
    },
    {
      title: 'STATE',
      cell: state,
      style: ({ state }) => (state === 'running' ? 'green' : state === 'fault' ? 'red' : 'yellow'),
    },
  ];
}

/** Columns of the processes. */
export const processColumns: readonly Column<ProcessView>[] = [
  {
    title: 'PROCESS',
    cell: ({ instance }) => instance,
    style: ({ instance, state, command }) =>
      state === 'killed' ? 'dim' : command === 'ingester' ? colourOf(instance) : undefined,
  },
  { title: 'PID', cell: ({ pid }) => (pid === undefined ? dash : String(pid)), align: 'right', rank: 1 },
  {
    title: 'STATE',
    cell: ({ state }) => state,
    style: ({ state }) => (state === 'running' ? 'green' : state === 'killed' ? 'red' : 'yellow'),
  },
  { title: 'DOES', cell: ({ does }) => does, least: 17 },
];
