export { composeIngester } from './compose.ts';
