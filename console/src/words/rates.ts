// Rates of bounces and complaints beside those at which SES acts:
// https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-messages.html

export interface Limit {
  /** SES reviews the account from here on. */
  review: number;
  /** SES may pause the account’s sending from here on. */
  pause: number;
}

export const BOUNCES: Limit = { review: 0.05, pause: 0.1 };
export const COMPLAINTS: Limit = { review: 0.001, pause: 0.005 };

const percents = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** `4.25 %`; a rate that is not 0 is not written as 0. */
export function percent(rate: number): string {
  if (rate > 0 && rate < 0.0001) return "< 0.01 %";
  return `${percents.format(rate * 100)} %`;
}
