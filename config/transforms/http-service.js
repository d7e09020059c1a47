/**
 * A service for the transform `http`: it gets a JSON array of changes and answers with an array of the same length. Element i is what
 * becomes of change i: the change, changed or not; null, which drops it; or an array of several.
 */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

function score(change) {
  if (change.data.Amount === null) return null;
  return { ...change, data: { ...change.data, Risk: Number(change.data.Amount) > 1000 ? 'high' : 'low' } };
}

async function answer(request, response) {
  if (request.headers.authorization !== `Bearer ${process.env.SCORE_TOKEN}`) {
    response.writeHead(401).end(); // the changes wait until the token is right
    return;
  }
  const changes = await json(request);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(changes.map(score)));
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.writeHead(400).end()); // the change is dead-lettered
});

server.listen(Number(process.argv[2] ?? 8000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
