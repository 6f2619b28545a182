// The limits of a key, as people read them.

import type { ApiKey } from "mmms-client";
import { counted } from "./figures.js";

/** Empty if there are none. */
export function limitsOf({ limits }: ApiKey): string {
  if (!limits) return "";
  const { requests_per_minute, recipients_per_minute, recipients_per_day, recipients_per_request } = limits;
  const parts = [
    requests_per_minute !== null && `${counted(requests_per_minute, "request", "requests")} a minute`,
    recipients_per_minute !== null && `${counted(recipients_per_minute, "recipient", "recipients")} a minute`,
    recipients_per_day !== null && `${counted(recipients_per_day, "recipient", "recipients")} a day`,
    recipients_per_request !== null && `${counted(recipients_per_request, "recipient", "recipients")} a request`,
  ];
  return parts.filter(Boolean).join(", ");
}
