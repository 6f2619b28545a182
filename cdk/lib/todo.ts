import type { Api } from "./constructs/api.ts";
import type { Sender } from "./constructs/sender.ts";
import type { Stage } from "./stage/stage.ts";

export interface TodoProps {
  readonly stage: Stage;
  readonly api: Api;
  readonly sender: Sender;
}

/** The tasks that a stack cannot do, by the names of their outputs. */
export function todo({ stage, api, sender }: TodoProps): Record<string, string> {
  const records = [...sender.records, ...api.records];
  return {
    ...Object.fromEntries(records.map((record, index) => [`TodoRecord${index + 1}`, `Add to the DNS: ${record}`])),
    ...(!sender.domain && { TodoSender: "Verify an identity in SES, or set senderDomain" }),
    ...(stage.sandbox && {
      TodoSandbox:
        "Ask for SES production access (SES console, Account dashboard), then set sandbox to false. Until then only verified addresses and SES's mailbox simulator get mail",
    }),
    ...(stage.alarmAddress === undefined
      ? { TodoAlarms: "No one receives alarms: set alarmAddress, or subscribe to the topic of AlarmTopicArn" }
      : { TodoAlarms: `Confirm the subscription in the mail that SNS has sent to ${stage.alarmAddress}` }),
  };
}
