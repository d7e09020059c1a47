// What the launcher `dstream` runs. Plain JavaScript, so that an older Node can say what is missing instead of failing
// to parse.
// A signal before anything has started ends a service cleanly; what any other command was asked for is not done. Later
// the services have handlers of their own.
const isService = ['ingester', 'processor', 'server'].includes(process.argv[2]);
const ignored = process.env.DSTREAM_HANGUP === 'ignored' ? 'SIGHUP' : undefined;
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) {
  process.on(name, () => {
    if (process.listenerCount(name) === 1 && name !== ignored)
      process.exit(isService && name !== 'SIGQUIT' ? 0 : 1);
  });
}

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `dstream: Node.js 24 or newer is needed and this is ${process.version}: start bin/dstream, which finds the ` +
      'Node.js that npm has installed, or install Node.js 24\n',
  );
  process.exit(1);
}
// The source, or in the npm package and the image what was built of it (`imports` in package.json).
await import('#main');
