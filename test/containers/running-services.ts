/** Services that are up: what the suites are told (`DSTREAM_TEST_*`), and how to end them. */
export interface RunningServices extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}
