/** Every change gets another column, and one is masked. */
export default function (change, context) {
  const { data } = change;
  data.Name = context.maskEmail(data.Name);
  data.Large = Number(data.Balance) > 2500;
  return change;
}
