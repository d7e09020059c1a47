/**
 * The part of the administration API that reads: `GET /topic`, `GET /topic/Subscriptions/name` and its `/Rules`, as Atom
 * entries ("Service Bus REST API", Get Entity; `atomXmlHelper` and the serializers of @azure/service-bus 7.9.5).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenGate } from '../../protocol/token-gate.ts';
import type { MessageQueue } from '../broker/message-queue.ts';
import type { Namespace } from '../broker/namespace.ts';
import { TopicEntity } from '../broker/send-target.ts';

export interface AdministrationContext {
  readonly namespace: Namespace;
  readonly gate: TokenGate;
  /** True: the key has no right to Manage. */
  readonly refuses: () => boolean;
}

export function serveAdministration(context: AdministrationContext) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const [status, body] = answer(request, context);
    response.writeHead(status, { 'content-type': 'application/atom+xml' }).end(body);
  };
}

function answer(
  request: IncomingMessage,
  { namespace, gate, refuses }: AdministrationContext,
): [number, string] {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const fault = refuses() ? 'Manage,EntityRead claims required' : gate.faultOf(token);
  if (fault !== undefined) return [401, `<Error><Code>401</Code><Detail>${fault}</Detail></Error>`];
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(1);
  const [name = '', subscription, rules] = path.split(/\/(?:Subscriptions|Rules)\/?/i);
  const topic = namespace.entities.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!(topic instanceof TopicEntity)) return notFound;
  if (subscription === undefined) return [200, entry(path, topicText(topic))];
  const queue = topic.subscriptions.get(subscription.toLowerCase());
  if (queue === undefined) return notFound;
  return [200, rules === undefined ? entry(path, subscriptionText(queue)) : rulesText(path)];
}

const notFound: [number, string] = [404, '<Error><Code>404</Code><Detail>No such entity</Detail></Error>'];

const schema = 'xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"';
const countSchema = 'xmlns:d2p1="http://schemas.microsoft.com/netservices/2011/06/servicebus"';
const date = '2026-01-01T00:00:00Z';

function entry(path: string, content: string): string {
  return `<entry xmlns="http://www.w3.org/2005/Atom"><id>https://localhost/${path}</id><content type="application/xml">${content}</content></entry>`;
}

/** What is never of the service: the longest TimeSpan of .NET. */
const never = 'P10675199DT2H48M5.4775807S';
const duration = (ms: number) => (Number.isFinite(ms) ? `PT${ms / 1_000}S` : never);

function elements(values: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');
}

const dates = { CreatedAt: date, UpdatedAt: date, AccessedAt: date };

function topicText({ settings, subscriptions }: TopicEntity): string {
  const text = elements({
    DefaultMessageTimeToLive: duration(settings.defaultTtlMs),
    MaxSizeInMegabytes: 1_024,
    RequiresDuplicateDetection: settings.duplicateWindowMs !== undefined,
    DuplicateDetectionHistoryTimeWindow: duration(settings.duplicateWindowMs ?? 600_000),
    EnableBatchedOperations: true,
    SizeInBytes: 0,
    Status: 'Active',
    ...dates,
    SupportOrdering: true,
    SubscriptionCount: subscriptions.size,
    AutoDeleteOnIdle: never,
    EnablePartitioning: false,
    EnableExpress: false,
  });
  return `<TopicDescription ${schema}>${text}<CountDetails ${countSchema}/></TopicDescription>`;
}

function subscriptionText({ settings, size, deadLetters }: MessageQueue): string {
  const counts = elements({
    'd2p1:ActiveMessageCount': size,
    'd2p1:DeadLetterMessageCount': deadLetters?.size ?? 0,
  });
  const text = elements({
    LockDuration: duration(settings.lockDurationMs),
    RequiresSession: settings.requiresSession,
    DefaultMessageTimeToLive: duration(settings.defaultTtlMs),
    DeadLetteringOnMessageExpiration: settings.deadLetterOnExpiration,
    DeadLetteringOnFilterEvaluationExceptions: true,
    MessageCount: size,
    MaxDeliveryCount: settings.maxDeliveryCount,
    EnableBatchedOperations: true,
    Status: 'Active',
    ...dates,
    AutoDeleteOnIdle: never,
    EntityAvailabilityStatus: 'Available',
  });
  return `<SubscriptionDescription ${schema}>${text}<CountDetails ${countSchema}>${counts}</CountDetails></SubscriptionDescription>`;
}

/** Rules are not evaluated here: there is the one that every subscription begins with. */
function rulesText(path: string): string {
  const filter = '<Filter><SqlExpression>1=1</SqlExpression></Filter><Action/><Name>$Default</Name>';
  const rule = entry(`${path}/$Default`, `<RuleDescription ${schema}>${filter}</RuleDescription>`);
  return `<feed xmlns="http://www.w3.org/2005/Atom">${rule}</feed>`;
}
