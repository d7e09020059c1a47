/** Status codes of management responses by error condition (seen in @azure/core-amqp, ConditionStatusMapper). */
const status: Readonly<Record<string, number>> = {
  'amqp:not-found': 404,
  'com.microsoft:message-not-found': 404,
  'amqp:not-implemented': 501,
  'com.microsoft:message-lock-lost': 410,
  'com.microsoft:session-lock-lost': 410,
  'com.microsoft:session-cannot-be-locked': 410,
  'com.microsoft:server-busy': 503,
  'com.microsoft:timeout': 408,
  'amqp:resource-limit-exceeded': 403,
  'amqp:link:message-size-exceeded': 403,
  'amqp:not-allowed': 400,
  'com.microsoft:argument-error': 400,
};

export const statusOf = (condition: string): number => status[condition] ?? 500;
