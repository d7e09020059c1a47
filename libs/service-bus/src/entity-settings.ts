/** What is said of settings that a login with Manage can read (docs/operations.md, "Service Bus"). Pure. */
import type { CheckResult, FailedCheck, Remedy } from '@dstream/core';

/** Of an entity, and how it is changed. */
export interface SettingsSubject {
  /** As it reads in a message: `topic ingest-topic`. */
  readonly shown: string;
  readonly subject: string;
  /** The command that changes settings, with these options. */
  readonly update: (options: string) => Remedy;
}

/** What a topic and a subscription have in common, as the service gives it. */
export interface CommonSettings {
  readonly status: string;
  /** ISO 8601. */
  readonly defaultMessageTimeToLive: string;
  readonly autoDeleteOnIdle: string;
}

/** For how long SQL Server keeps changes unless told otherwise: an outage that long should lose nothing here either. */
const leastTtlMs = 3 * 86_400_000;

/** "Never" of the service is the longest TimeSpan of .NET, P10675199D: thousands of years. */
export const neverMs = 100 * 365 * 86_400_000;

/** Milliseconds of an ISO 8601 duration of days and less; NaN for what is none. */
export function durationMs(text: string): number {
  const [, days, hours, minutes, seconds] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(text) ?? [];
  if ([days, hours, minutes, seconds].every((part) => part === undefined)) return Number.NaN;
  const hoursMs = (Number(days ?? 0) * 24 + Number(hours ?? 0)) * 3_600_000;
  return hoursMs + Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000;
}

/** Status, time to live, deletion when idle: only what is not as it should be. */
export function* judgeCommon(of: SettingsSubject, settings: CommonSettings): Iterable<FailedCheck> {
  const { shown, subject, update } = of;
  const { status, defaultMessageTimeToLive: ttl, autoDeleteOnIdle: idle } = settings;
  if (status !== 'Active') {
    const message = `${shown} has the status ${status}`;
    yield {
      outcome: 'failed',
      check: 'servicebus.status',
      subject,
      message,
      remedy: update('--status Active'),
    };
  }
  if (durationMs(ttl) < leastTtlMs) {
    const message = `messages of ${shown} expire after ${ttl}: a longer outage loses them`;
    const remedy = update('--default-message-time-to-live P14D');
    yield { outcome: 'warned', check: 'servicebus.time-to-live', subject, message, remedy };
  }
  if (durationMs(idle) < neverMs) {
    const message = `${shown} is deleted, with its messages, when it is idle for ${idle}`;
    const remedy = update('--auto-delete-on-idle P10675199D');
    yield { outcome: 'warned', check: 'servicebus.auto-delete', subject, message, remedy };
  }
}

/** For settings that cannot be read. @param show prints them, with what they should be */
export function unreadable(of: SettingsSubject, why: string, show: Remedy): CheckResult {
  const message = `settings of ${of.shown} cannot be read: ${why}`;
  return { outcome: 'warned', check: 'servicebus.settings', subject: of.subject, message, remedy: show };
}
