import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { secretsCorpus } from '../../../test/support/secrets-corpus.ts';
import { createLog, type LogFormat } from './logging.ts';

function recorded(format: LogFormat) {
  const lines: string[] = [];
  const redact = (text: string) => text.replaceAll('hunter22', '[secret]');
  const log = createLog({ level: 'info', format, colour: false, redact, write: (text) => lines.push(text) });
  return { log, lines };
}

describe('the log', () => {
  test('is one JSON object a line, with the sentence, the fields and errors as code and message', () => {
    const { log, lines } = recorded('json');
    log
      .child({ table: 'dbo.T' })
      .error('reading failed', { error: new DStreamError('TimedOut', 'no answer') });
    const { time, ...entry } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(entry).toEqual({
      level: 'error',
      table: 'dbo.T',
      error: 'TimedOut: no answer',
      msg: 'reading failed',
    });
    expect(Date.parse(String(time))).not.toBeNaN();
  });

  test('takes secrets out of whatever a line holds', () => {
    const { log, lines } = recorded('json');
    log.error('login failed for hunter22', { detail: 'Password=hunter22' });
    expect(lines.join('')).not.toContain('hunter22');
  });

  test.each(secretsCorpus)('takes out what looks like a secret, known or not: %s', (_, text, ...secrets) => {
    for (const format of ['json', 'pretty'] as const) {
      const { log, lines } = recorded(format);
      log.child({ of: text }).error('it failed', { error: new Error(text), details: { reasons: [text] } });
      for (const secret of secrets) expect(lines[0]).not.toContain(secret);
      expect(lines[0]).toContain('it failed');
    }
  });

  test('shows no stack, whoever put it into a message', () => {
    const { log, lines } = recorded('json');
    const error = new Error('outer');
    log.error('it failed', { error: new Error(String(error.stack)), cause: error.stack });
    expect(lines[0]).not.toMatch(/\bat .*:\d+:\d+/);
  });

  test.each(['json', 'pretty'] as const)(
    'in %s obeys no control character of a name or an error',
    (format) => {
      const { log, lines } = recorded(format);
      log.error('reading failed', { table: 'a\u009d0;title\u202e', error: new Error('\u001b[2Jb\u2028') });
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(lines[0]).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u202e]*\n$/);
      expect(lines[0]).toContain('a\\u009d0;title\\u202e');
    },
  );

  test('is one readable line a message for a person, and leaves out what is below the level', () => {
    const { log, lines } = recorded('pretty');
    log.debug('nothing to see');
    log.info('listening', { http: 'http://127.0.0.1:8080' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\[[\d:.]+\] INFO: listening \{"http":"http:\/\/127\.0\.0\.1:8080"\}\n$/);
  });
});
