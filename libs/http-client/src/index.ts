export type { AnswerRules } from './answer.ts';
export { HttpClient, type HttpAnswer, type HttpRequest } from './http-client.ts';
export { HttpEndpoint, type HttpEndpointOptions } from './http-endpoint.ts';
export { HttpEndpoints, type HttpEndpointsOptions } from './http-endpoints.ts';
