#!/usr/bin/env -S node --max-semi-space-size=16 --max-old-space-size=512
// What `dstream` starts. Plain JavaScript, so that an older Node can say what is missing instead of failing to parse.
//
// The flags keep the garbage collector at work: on a large machine V8 would rather let the heap grow to some 400 MB
// over a backlog than collect it. Measured with `npm run bench`: a smaller space for young objects takes those of a
// batch on its way for old ones, and collecting these costs a sixth more CPU; a larger one only takes more memory.
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
