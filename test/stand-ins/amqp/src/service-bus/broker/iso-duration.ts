const form = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of an ISO 8601 duration of days and smaller, the form that entity properties use: `P10D`, `PT1M30S`. */
export function parseDuration(text: string): number {
  const parts = form.exec(text);
  if (parts === null || text === 'P' || text.endsWith('T')) {
    throw new Error(`'${text}' is not a duration: it must look like PT1M30S, PT1H or P10D`);
  }
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}
