#!/usr/bin/env -S node --max-semi-space-size=16 --initial-old-space-size=128 --max-old-space-size=512
// What `dstream` starts. Plain JavaScript, so that an older Node can say what is missing instead of failing to parse.
//
// The flags say how much memory a backlog may take. Left alone, V8 on a large machine lets the heap grow to some 400 MB, and
// yet collects old objects ten times a second, because it begins from the size of an idle process. Measured with
// `npm run bench -- read memory probe`: from 128 MB on it collects them five times less often, which spares a quarter of the CPU;
// half of the space for young objects costs a pass over idle tables a fifth more, and spares 20 MB at the most.
// A signal before anything has started ends the process cleanly. Later the program has handlers of its own.
for (const name of ['SIGTERM', 'SIGINT']) {
  process.on(name, () => {
    if (process.listenerCount(name) === 1) process.exit(0);
  });
}

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `dstream: Node 24 or newer is needed and this is ${process.version}: start it with npx dstream, ` +
      'which finds the Node that npm ci has installed, or install Node 24\n',
  );
  process.exit(1);
}
await import('../src/main.ts');
