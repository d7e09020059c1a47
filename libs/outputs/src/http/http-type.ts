import { choice, conceal, defineOutput, optional, required, withDefault } from '@dstream/config/schema';
import { batchKeys, defaultLastingStatuses, headersKey, lastingStatuses } from '@dstream/http-client/schema';
import { UrlTemplate, urlTemplate } from './http-url.ts';
import { signingSecret } from './signature.ts';

/** Names of headers that the output sets: those of Standard Webhooks and of CloudEvents. */
const ownHeaders = /^(?:webhook|ce)-/i;

/** `output { type = "http" }`. */
export const httpType = defineOutput({
  type: 'http',
  doc: 'A web service that takes changes by HTTP: a webhook. A change counts as delivered when it was answered with 2xx.',
  keys: {
    url: required(
      urlTemplate,
      'Where changes are sent. {{ table }} and other parts of names are replaced in its path and query. Its query is shown nowhere.',
      { keepsNames: true },
    ),
    method: withDefault(choice(['POST', 'PUT', 'PATCH']), 'POST', 'Method of the requests.'),
    headers: headersKey(ownHeaders),
    body: withDefault(
      choice(['array', 'lines', 'single']),
      'array',
      'What a request holds: a JSON array of changes, JSON Lines, or one change.',
    ),
    ...batchKeys,
    secret: optional(
      signingSecret,
      'requests are not signed',
      'Signs requests as Standard Webhooks says, with HMAC-SHA256.',
      { secret: true },
    ),
    previous_secret: optional(
      signingSecret,
      'none',
      'Signs, too, while receivers change from this secret to the new one.',
      { secret: true },
    ),
    lasting_statuses: optional(
      lastingStatuses,
      defaultLastingStatuses.join(', '),
      'Statuses that refuse a change for good: it is dead-lettered.',
    ),
  },
  settings: (reading, findings) => {
    const { values } = reading;
    if (reading.isGiven('previous_secret') && !reading.isGiven('secret'))
      findings.add(
        reading.placeOf('previous_secret'),
        'previous_secret has no effect without secret; write secret',
      );
    const secrets = [values.secret, values.previous_secret].filter((secret) => secret !== undefined);
    const limits = {
      form: values.body,
      maxChanges: values.max_batch_changes,
      maxBytes: values.max_batch_bytes,
    };
    return conceal(
      {
        url: values.url,
        method: values.method,
        headers: values.headers ?? {},
        limits,
        secrets,
        lastingStatuses: values.lasting_statuses ?? defaultLastingStatuses,
      },
      'url',
      'headers',
      'secrets',
    );
  },
  carries: () => ({ attributes: true }),
  names: ({ url }, hash) => {
    const template = new UrlTemplate(url, hash);
    return (table) => template.plannedFor(table);
  },
  async *checks(settings, services, o) {
    const { checkHttpOutput } = await import('./check-http-output.ts');
    yield* checkHttpOutput(settings, services, o);
  },
  open: async (settings, services) => {
    const { httpPublisher } = await import('./http-publisher.ts');
    return httpPublisher({ ...settings, ...services, requestTimeoutMs: services.timeoutMs });
  },
});
