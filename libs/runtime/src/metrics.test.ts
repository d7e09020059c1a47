import { describe, expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

describe('metrics', () => {
  test('values that are asked for at a scrape are those of that moment, and what is named no more is gone', async () => {
    const metrics = new Metrics();
    const lags = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    const samples = () => Array.from(lags, ([table, value]) => ({ labels: { table }, value }));
    metrics.gaugeOf('lag_seconds', 'Lag', ['table'], samples);
    metrics.counterOf('rows_total', 'Rows', ['table'], samples);
    const values = async () => (await metrics.text()).split('\n').filter((line) => /^[a-z]/.test(line));
    expect(await values()).toEqual([
      'lag_seconds{table="a"} 1',
      'lag_seconds{table="b"} 2',
      'rows_total{table="a"} 1',
      'rows_total{table="b"} 2',
    ]);
    lags.delete('a');
    lags.set('b', 5);
    expect(await values()).toEqual(['lag_seconds{table="b"} 5', 'rows_total{table="b"} 5']);
  });

  test('those of the process and of Node are there, the lag of the event loop among them, and what version runs', async () => {
    const metrics = new Metrics();
    metrics.collectProcess();
    metrics.buildInfo('1.2.3');
    const text = await metrics.text();
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_heap_size_used_bytes',
      'nodejs_gc_duration_seconds_count',
    ])
      expect(text).toMatch(new RegExp(`^# TYPE ${name.replace(/_count$/, '')} `, 'm'));
    expect(text).toContain('dstream_build_info{version="1.2.3"} 1');
  });

  test('what is registered shows its type and labels', () => {
    const metrics = new Metrics();
    metrics.histogram('wait_seconds', 'Waiting', ['table'], [1, 2]);
    expect(metrics.registered).toEqual([
      { name: 'wait_seconds', help: 'Waiting', type: 'histogram', labels: ['table'] },
    ]);
  });
});
