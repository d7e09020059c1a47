/** Metrics of a process, in Prometheus' text format. Names follow Prometheus' conventions: `dstream_…_total`, seconds, bytes. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** One value of a metric that is computed when it is scraped. */
export interface Sample<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  readonly value: number;
}

/** A metric as it was registered, for its page and for the checks of names. */
export interface RegisteredMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** The metrics of one process. Each has a name of its own: registering one twice throws. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #registered: RegisteredMetric[] = [];

  /** Adds process and Node metrics (memory, CPU, garbage collection, event loop lag). */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Which version runs: a constant 1, as Prometheus' own `…_build_info`. */
  buildInfo(version: string): void {
    this.gauge('dstream_build_info', 'Version of DStream; always 1.', ['version']).set({ version }, 1);
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter(this.#note('counter', name, help, labelNames));
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge(this.#note('gauge', name, help, labelNames));
  }

  /**
   * A gauge whose values are computed at every scrape. A series that `samples` no longer yields disappears. It must be
   * quick and must not throw.
   */
  gaugeOf<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    samples: () => Iterable<Sample<L>>,
  ): void {
    const gauge: Gauge<L> = new Gauge({
      ...this.#note('gauge', name, help, labelNames),
      collect: () => {
        gauge.reset();
        for (const { labels, value } of samples()) gauge.set(labels, value);
      },
    });
  }

  /** As `gaugeOf`, for totals that are counted elsewhere. */
  counterOf<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    samples: () => Iterable<Sample<L>>,
  ): void {
    const counter: Counter<L> = new Counter({
      ...this.#note('counter', name, help, labelNames),
      collect: () => {
        counter.reset();
        for (const { labels, value } of samples()) counter.inc(labels, value);
      },
    });
  }

  histogram<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: number[],
  ): Histogram<L> {
    return new Histogram({ ...this.#note('histogram', name, help, labelNames), buckets });
  }

  /** All of ours, without those of the process and of Node. */
  get registered(): readonly RegisteredMetric[] {
    return this.#registered;
  }

  #note<L extends string>(type: string, name: string, help: string, labels: readonly L[]) {
    this.#registered.push({ name, help, type, labels });
    return { name, help, labelNames: labels, registers: [this.#registry] };
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
