const countries = { DE: 'eu', FR: 'eu', US: 'world' };

/** Adds the region, masks the e-mail address, and sends orders of the EU to an output of their own. */
export default function (change, context) {
  const { data } = change;
  if (data.Country === 'XX') return null; // a test order
  const region = countries[data.Country] ?? 'world';
  if (region === 'eu') context.route('eu');
  return { ...change, data: { ...data, Region: region, Email: context.maskEmail(data.Email) } };
}
