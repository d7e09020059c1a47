export { composeProcessor } from './compose.ts';
