/** Every fault by its path under the faults address: what its body holds and what it does. The table of the README. */
import type { HubFaults, ServiceBusFaults } from '@dstream/stand-in-amqp';
import type { BlobOperation } from '@dstream/stand-in-blobs';
import type { BlobControls } from './blob-controls.ts';
import { flag, optional, pattern, text, wholeNumber, type Body, type Fields } from './fault-body.ts';
import { injectedMessage } from './injected-message.ts';
import type { SqlControls } from './sql-controls.ts';

/** What the faults act on. */
export interface FaultTargets {
  readonly sql: SqlControls;
  readonly serviceBus: ServiceBusFaults;
  readonly eventHubs: HubFaults;
  readonly blobs: BlobControls;
}

export interface FaultRoute<F extends Fields, R> {
  readonly fields: F;
  /** Resolves when the fault is in force. What it returns is the answer's JSON. */
  readonly run: (targets: FaultTargets, body: Body<F>) => R | Promise<R>;
}

const route = <F extends Fields, R>(
  fields: F,
  run: (targets: FaultTargets, body: Body<F>) => R | Promise<R>,
): FaultRoute<F, R> => ({ fields, run });

/** Statements whose text matches `pattern` (all without it), `times` times (1). */
const statement = { pattern: optional(pattern), times: optional(wholeNumber) };

const anyStatement = (source: string | undefined): RegExp => new RegExp(source ?? '', 'i');

const sqlRoutes = {
  'sql/drop-connections': route({}, ({ sql }) => ({ dropped: sql.dropConnections() })),
  'sql/refuse-logins': route({ ms: wholeNumber, number: optional(wholeNumber) }, ({ sql }, { ms, number }) =>
    sql.faults.refuseLogins(ms, number),
  ),
  'sql/cut-logins': route({ ms: wholeNumber }, ({ sql }, { ms }) => sql.faults.cutLogins(ms)),
  'sql/restart': route({ downMs: wholeNumber }, ({ sql }, { downMs }) => sql.restart(downMs)),
  'sql/fail-statements': route(
    { ...statement, number: wholeNumber, severity: optional(wholeNumber), message: optional(text) },
    ({ sql }, { pattern, times, ...wish }) =>
      sql.faults.onStatement(anyStatement(pattern), { kind: 'fail', message: injectedMessage(wish) }, times),
  ),
  'sql/delay-statements': route({ ...statement, ms: wholeNumber }, ({ sql }, { pattern, times, ms }) =>
    sql.faults.onStatement(anyStatement(pattern), { kind: 'delay', ms }, times),
  ),
  'sql/drop-at-statements': route(statement, ({ sql }, { pattern, times }) =>
    sql.faults.onStatement(anyStatement(pattern), { kind: 'drop' }, times),
  ),
  'sql/stall-results': route(
    { ...statement, afterRows: optional(wholeNumber), ms: optional(wholeNumber) },
    ({ sql }, { pattern, times, afterRows = 0, ms }) =>
      sql.faults.onStatement(anyStatement(pattern), { kind: 'stall', afterRows, ms }, times),
  ),
  'sql/drop-in-results': route(
    { ...statement, afterRows: optional(wholeNumber) },
    ({ sql }, { pattern, times, afterRows = 0 }) =>
      sql.faults.onStatement(anyStatement(pattern), { kind: 'drop-result', afterRows }, times),
  ),
  'sql/lock-change-table': route(
    { captureInstance: text, database: optional(text), ms: wholeNumber },
    ({ sql }, { captureInstance, database, ms }) => sql.capture.lockTable(captureInstance, ms, database),
  ),
  'sql/shuffle-seqvals': route({ shuffle: flag }, ({ sql }, { shuffle }) =>
    sql.capture.shuffleSeqvals(shuffle),
  ),
  'sql/capture-delay': route({ ms: wholeNumber }, ({ sql }, { ms }) => sql.capture.setDelay(ms)),
  'sql/pause-capture': route({}, ({ sql }) => sql.capture.pause()),
  'sql/resume-capture': route({}, ({ sql }) => sql.capture.resume()),
  'sql/cleanup': route(
    { database: optional(text), captureInstance: optional(text) },
    ({ sql }, { database, captureInstance }) => sql.capture.cleanUp(database, captureInstance),
  ),
  'sql/idle-scans': route({ ms: wholeNumber }, ({ sql }, { ms }) => sql.capture.setIdleScans(ms)),
  'sql/restore-point': route({ database: optional(text) }, ({ sql }, { database }) => ({
    point: sql.remember(database),
  })),
  'sql/restore': route({ point: wholeNumber }, ({ sql }, { point }) => sql.restore(point)),
  'sql/offline': route({ offline: flag, database: optional(text) }, ({ sql }, { offline, database }) =>
    sql.setOffline(offline, database),
  ),
} as const;

const serviceBusRoutes = {
  'service-bus/drop-connections': route({}, ({ serviceBus }) => ({ dropped: serviceBus.dropConnections() })),
  'service-bus/refuse-connections': route({ ms: wholeNumber }, ({ serviceBus }, { ms }) =>
    serviceBus.refuseConnections(ms),
  ),
  'service-bus/throttle': route({ sends: wholeNumber }, ({ serviceBus }, { sends }) =>
    serviceBus.serverBusy(sends),
  ),
  'service-bus/lose-replies': route({ count: wholeNumber }, ({ serviceBus }, { count }) =>
    serviceBus.loseReplies(count),
  ),
  'service-bus/delay-sends': route({ ms: wholeNumber }, ({ serviceBus }, { ms }) =>
    serviceBus.delaySends(ms),
  ),
  'service-bus/delay-settlements': route({ ms: wholeNumber }, ({ serviceBus }, { ms }) =>
    serviceBus.delaySettlements(ms),
  ),
  'service-bus/refuse-settlements': route(
    { count: wholeNumber, condition: optional(text) },
    ({ serviceBus }, { count, condition }) => serviceBus.refuseSettlements(count, condition),
  ),
  'service-bus/lose-session-lock': route(
    { address: text, sessionId: text },
    ({ serviceBus }, { address, sessionId }) => ({ lost: serviceBus.expireSessionLock(address, sessionId) }),
  ),
  'service-bus/lose-message-locks': route(
    { address: text, sequence: optional(wholeNumber) },
    ({ serviceBus }, { address, sequence }) => ({ lost: serviceBus.expireMessageLocks(address, sequence) }),
  ),
  'service-bus/detach-links': route(
    { address: optional(text), condition: optional(text) },
    ({ serviceBus }, { address, condition }) => ({ detached: serviceBus.detachLinks(address, condition) }),
  ),
  'service-bus/full': route({ entity: text, full: flag }, ({ serviceBus }, { entity, full }) =>
    serviceBus.setFull(entity, full),
  ),
  'service-bus/refuse-management': route({ refuse: flag }, ({ serviceBus }, { refuse }) =>
    serviceBus.refuseManagement(refuse),
  ),
  'service-bus/silent': route({ address: text, silent: flag }, ({ serviceBus }, { address, silent }) =>
    serviceBus.setSilent(address, silent),
  ),
} as const;

const eventHubsRoutes = {
  'event-hubs/drop-connections': route({}, ({ eventHubs }) => ({ dropped: eventHubs.dropConnections() })),
  'event-hubs/refuse-connections': route({ ms: wholeNumber }, ({ eventHubs }, { ms }) =>
    eventHubs.refuseConnections(ms),
  ),
  'event-hubs/throttle': route({ sends: wholeNumber }, ({ eventHubs }, { sends }) =>
    eventHubs.serverBusy(sends),
  ),
  'event-hubs/delay-sends': route({ ms: wholeNumber }, ({ eventHubs }, { ms }) => eventHubs.delaySends(ms)),
  'event-hubs/refuse-sends': route(
    { count: wholeNumber, condition: optional(text) },
    ({ eventHubs }, { count, condition }) => eventHubs.refuseSends(count, condition),
  ),
  'event-hubs/lose-replies': route({ count: wholeNumber }, ({ eventHubs }, { count }) =>
    eventHubs.loseReplies(count),
  ),
  'event-hubs/detach-links': route(
    { address: optional(text), condition: optional(text) },
    ({ eventHubs }, { address, condition }) => ({ detached: eventHubs.detachLinks(address, condition) }),
  ),
} as const;

/** Requests of one operation (`put-blob`, `renew-lease`, …) whose `container/blob` holds `path`; all without them. */
const blobScope = { operation: optional(text), path: optional(text), times: optional(wholeNumber) };

interface BlobScope {
  readonly operation?: string | undefined;
  readonly path?: string | undefined;
  readonly times?: number | undefined;
}

/** An unknown operation meets nothing: the counters list the ones there are. */
const scopeOf = ({ operation, path, times }: BlobScope) => ({
  ...(operation !== undefined && { operation: operation as BlobOperation }),
  ...(path !== undefined && { path }),
  ...(times !== undefined && { times }),
});

const blobRoutes = {
  'blobs/refuse': route(
    { ...blobScope, ms: wholeNumber, status: optional(wholeNumber), code: optional(text) },
    ({ blobs }, { ms, status, code, ...scope }) =>
      blobs.refuse(ms, scopeOf(scope), {
        ...(status !== undefined && { status }),
        ...(code !== undefined && { code }),
      }),
  ),
  'blobs/delay': route({ ...blobScope, ms: wholeNumber }, ({ blobs }, { ms, ...scope }) =>
    blobs.inject({ kind: 'delay', ms }, scopeOf(scope)),
  ),
  'blobs/drop': route(blobScope, ({ blobs }, scope) =>
    blobs.inject({ kind: 'drop' }, scopeOf({ times: 1, ...scope })),
  ),
  'blobs/lose-reply': route(blobScope, ({ blobs }, scope) =>
    blobs.inject({ kind: 'lose-reply' }, scopeOf({ times: 1, ...scope })),
  ),
  'blobs/break-lease': route({ path: optional(text) }, ({ blobs }, { path }) => ({
    broken: blobs.expireLeases(path),
  })),
} as const;

export const faultRoutes = { ...sqlRoutes, ...serviceBusRoutes, ...eventHubsRoutes, ...blobRoutes } as const;

export type FaultPath = keyof typeof faultRoutes;

/** The body of a fault. */
export type FaultBodyOf<P extends FaultPath> = Body<(typeof faultRoutes)[P]['fields']>;

/** What a fault answers: `{}` when it has nothing to say. */
export type FaultAnswerOf<P extends FaultPath> = Awaited<ReturnType<(typeof faultRoutes)[P]['run']>>;
