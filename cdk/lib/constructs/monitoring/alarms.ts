import { Duration, Size } from "aws-cdk-lib";
import {
  type AlarmProps,
  ComparisonOperator,
  type CreateAlarmOptions,
  type IMetric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { maxConnections } from "../../stage/capacity.ts";
import type { Stage } from "../../stage/stage.ts";
import type { Metrics } from "./metrics.ts";

/** An alarm, by the name under which docs/operations.md gives its meaning and the remedy. */
export interface Rule extends Pick<AlarmProps, "metric">, Omit<CreateAlarmOptions, "alarmName" | "actionsEnabled"> {
  readonly name: string;
  /** True if the topic also gets a message when the metric has no more data. */
  readonly notifiesOfMissingData?: boolean;
}

const { LESS_THAN_THRESHOLD, GREATER_THAN_OR_EQUAL_TO_THRESHOLD } = ComparisonOperator;
const FIVE_MINUTES = Duration.minutes(5);

export function rules(metrics: Metrics, stage: Stage): Rule[] {
  const { queues } = metrics.parts;
  const { api, worker } = metrics.functions();
  const depth = { statistic: "Maximum", period: Duration.minutes(1) };
  return [
    any("DeadLetters", queues.processingDeadLetters.metricApproximateNumberOfMessagesVisible(depth)),
    any("ResultDeadLetters", queues.resultsDeadLetters.metricApproximateNumberOfMessagesVisible(depth)),
    any("EventDeadLetters", queues.eventsDeadLetters.metricApproximateNumberOfMessagesVisible(depth)),
    {
      name: "EventsLate",
      metric: queues.events.metricApproximateAgeOfOldestMessage({ statistic: "Maximum", period: FIVE_MINUTES }),
      // The two instances of the default take the events of 700,000 mails in an hour (a guess), and SQS keeps them for
      // four days.
      threshold: Duration.hours(1).toSeconds(),
      evaluationPeriods: 1,
    },
    {
      name: "ResultsUnread",
      metric: queues.results.metricApproximateAgeOfOldestMessage({ statistic: "Maximum", period: FIVE_MINUTES }),
      // Three days are longer than a weekend, and end eleven days before SQS deletes results.
      threshold: Duration.days(3).toSeconds(),
      evaluationPeriods: 1,
    },
    {
      name: "OldestDue",
      metric: metrics.oldestDueAge(),
      // 10,000 recipients at 14 a second, a new account's rate, take 12 minutes.
      threshold: Duration.minutes(30).toSeconds(),
      evaluationPeriods: 3,
    },
    {
      name: "FeedLate",
      metric: metrics.feedDelay(),
      // A transaction of the programs takes less than a second, and a migration or a backup some minutes.
      threshold: Duration.minutes(5).toSeconds(),
      evaluationPeriods: 3,
    },
    {
      name: "SweepMissing",
      metric: metrics.sweeps().with({ period: FIVE_MINUTES }),
      comparisonOperator: LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 2,
      // A new alarm has no data, and begins in the state for that: it notifies only after a sweep has run and no other
      // has followed. With "breaching" it would begin in alarm at each first deployment.
      treatMissingData: TreatMissingData.MISSING,
      notifiesOfMissingData: true,
    },
    any("ApiErrors", api.metricErrors({ period: FIVE_MINUTES })),
    any("WorkerErrors", worker.metricErrors({ period: FIVE_MINUTES })),
    any("Throttles", metrics.throttles()),
    // A single 5xx may be a coincidence, five are a fault.
    { ...any("Api5xx", metrics.http("5xx", "Sum")), threshold: 5 },
    {
      name: "ApiLatency",
      metric: metrics.http("Latency", "p99"),
      // A mail takes a tenth of this. The unit is milliseconds.
      threshold: 5_000,
      evaluationPeriods: 3,
    },
    any("Unconfirmed", metrics.mails("MailsUnconfirmed", "unconfirmed")),
    any("AccountFaults", metrics.mails("AccountFaults", "held back by the account")),
    any("ResultsRefused", metrics.mails("ResultsRefused", "results refused")),
    // SES reviews an account at 5 % and 0.1 %, and may pause it at 10 % and 0.5 %.
    // https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html
    { ...rate("BounceRate", metrics.reputation("Reputation.BounceRate")), threshold: 0.04 },
    { ...rate("ComplaintRate", metrics.reputation("Reputation.ComplaintRate")), threshold: 0.0008 },
    ...ofWebhooks(metrics),
    ...ofDatabase(metrics, stage),
  ];
}

function ofWebhooks({ parts }: Metrics): Rule[] {
  const { webhooks } = parts.queues;
  if (!parts.poster || !webhooks) return [];
  const depth = { statistic: "Maximum", period: Duration.minutes(1) };
  const age = { statistic: "Maximum", period: FIVE_MINUTES };
  return [
    any("PosterErrors", parts.poster.program.function.metricErrors({ period: FIVE_MINUTES })),
    any("WebhookDeadLetters", webhooks.messagesDeadLetters.metricApproximateNumberOfMessagesVisible(depth)),
    any("OutcomeDeadLetters", webhooks.outcomesDeadLetters.metricApproximateNumberOfMessagesVisible(depth)),
    {
      name: "WebhooksLate",
      metric: webhooks.messages.metricApproximateAgeOfOldestMessage(age),
      // After four minutes a message is not posted any more, and has to be signed anew.
      threshold: Duration.minutes(4).toSeconds(),
      evaluationPeriods: 2,
    },
    {
      name: "OutcomesLate",
      metric: webhooks.outcomes.metricApproximateAgeOfOldestMessage(age),
      // After 16 minutes without an outcome an event is sent again.
      threshold: Duration.minutes(10).toSeconds(),
      evaluationPeriods: 1,
    },
  ];
}

function ofDatabase({ parts }: Metrics, stage: Stage): Rule[] {
  const { instance } = parts.database;
  return [
    {
      name: "DatabaseStorage",
      metric: instance.metricFreeStorageSpace({ statistic: "Minimum", period: FIVE_MINUTES }),
      comparisonOperator: LESS_THAN_THRESHOLD,
      // RDS adds storage below a tenth; the alarm means that it did not.
      threshold: 0.08 * Size.gibibytes(stage.database.storageGiB).toBytes(),
      evaluationPeriods: 3,
    },
    {
      name: "DatabaseConnections",
      metric: instance.metricDatabaseConnections({ statistic: "Maximum", period: FIVE_MINUTES }),
      threshold: Math.floor(0.8 * maxConnections(stage)),
      evaluationPeriods: 1,
    },
    {
      name: "DatabaseCpu",
      metric: instance.metricCPUUtilization({ period: FIVE_MINUTES }),
      threshold: 90,
      evaluationPeriods: 3,
    },
  ];
}

/** SES reports a rate only now and then: between two values the last one holds. */
function rate(name: string, metric: IMetric): Omit<Rule, "threshold"> {
  return { name, metric, evaluationPeriods: 1, treatMissingData: TreatMissingData.IGNORE };
}

/** An alarm at the first occurrence. */
function any(name: string, metric: IMetric): Rule {
  return { name, metric, threshold: 1, evaluationPeriods: 1, comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD };
}
