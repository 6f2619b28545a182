import { Duration } from "aws-cdk-lib";
import {
  AlarmStatusWidget,
  Color,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  PeriodOverride,
  SingleValueWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { Poster } from "../poster.ts";
import type { WebhookQueues } from "../queues.ts";
import { type Metrics, SES_LIMITS } from "./metrics.ts";

const FIVE_MINUTES = Duration.minutes(5);

/** The first row shows sent mail, its delay and failures, the third its fate; the other rows show their causes. */
export function dashboard(scope: Construct, metrics: Metrics, alarms: IAlarm[]): Dashboard {
  const { api, worker, poster, queues, database } = metrics.parts;
  const sent = metrics.mails("MailsSent", "sent");
  const failed = metrics.mails("MailsFailed", "failed");
  const unconfirmed = metrics.mails("MailsUnconfirmed", "unconfirmed");
  const held = [
    metrics.mails("MailsThrottled", "throttled"),
    metrics.mails("AccountFaults", "held back by the account"),
  ];
  const deadLetters = queues.processingDeadLetters.metricApproximateNumberOfMessagesVisible({ label: "dead letters" });
  const oldest = metrics.oldestDueAge().with({ label: "oldest due recipient" });
  const { instance } = database;

  const board = new Dashboard(scope, "Dashboard", {
    defaultInterval: Duration.hours(3),
    periodOverride: PeriodOverride.AUTO,
  });
  board.addWidgets(
    new SingleValueWidget({
      title: "In this time",
      metrics: [sent, failed, unconfirmed],
      setPeriodToTimeRange: true,
      width: 9,
      height: 4,
    }),
    new SingleValueWidget({ title: "Now", metrics: [oldest, deadLetters], width: 6, height: 4 }),
    new AlarmStatusWidget({ title: "Alarms", alarms, width: 9, height: 4 }),
  );
  board.addWidgets(
    graph(
      "Mails",
      [coloured(sent, Color.GREEN), coloured(failed, Color.RED), coloured(unconfirmed, Color.ORANGE)],
      "recipients",
    ),
    graph("Held back", held, "recipients"),
    graph("How late", [oldest], "seconds"),
  );
  board.addWidgets(...fates(metrics));
  board.addWidgets(
    graph(
      "Processing queue",
      [
        queues.processing.metricApproximateNumberOfMessagesVisible({ label: "waiting" }),
        queues.processing.metricApproximateNumberOfMessagesNotVisible({ label: "in work" }),
        deadLetters,
      ],
      "wake-ups",
    ),
    graph("Unread results", [queues.results.metricApproximateNumberOfMessagesVisible({ label: "results" })], "results"),
    graph("Calls to SES", [...metrics.sendDuration("p50"), ...metrics.sendDuration("p99")], "ms"),
  );
  board.addWidgets(
    graph(
      "Requests",
      [metrics.http("Count", "Sum", "all"), metrics.http("4xx", "Sum", "4xx"), metrics.http("5xx", "Sum", "5xx")],
      "requests",
    ),
    graph("Time to answer", [metrics.http("Latency", "p50", "p50"), metrics.http("Latency", "p99", "p99")], "ms"),
    graph(
      "Functions",
      [
        ...ofFunction("api", api.service.function),
        ...ofFunction("worker", worker.service.function),
        ...(poster ? ofFunction("poster", poster.program.function) : []),
        metrics.throttles(),
      ],
      "invocations",
    ),
  );
  board.addWidgets(
    graph(
      "Events of SES",
      [
        queues.events.metricApproximateNumberOfMessagesVisible({ label: "waiting" }),
        queues.events.metricApproximateNumberOfMessagesNotVisible({ label: "in work" }),
        queues.eventsDeadLetters.metricApproximateNumberOfMessagesVisible({ label: "dead letters" }),
      ],
      "events",
    ),
    graph(
      "Database",
      [instance.metricCPUUtilization({ label: "CPU %" }), instance.metricDatabaseConnections({ label: "connections" })],
      "",
    ),
    graph("Database storage", [instance.metricFreeStorageSpace({ label: "free" })], "bytes"),
  );
  const { webhooks } = queues;
  if (poster && webhooks) board.addWidgets(...ofWebhooks(poster, webhooks, metrics));
  return board;
}

function ofFunction(name: string, fn: IFunction): IMetric[] {
  const options = { period: FIVE_MINUTES };
  return [
    fn.metricErrors({ ...options, label: `${name} errors` }),
    fn.metric("ConcurrentExecutions", { ...options, statistic: "Maximum", label: `${name} at once` }),
  ];
}

/** The way of webhooks, and the delay of the feed, which shows the same events. */
function ofWebhooks(poster: Poster, queues: WebhookQueues, metrics: Metrics): GraphWidget[] {
  const { messages, messagesDeadLetters, outcomes, outcomesDeadLetters } = queues;
  return [
    graph(
      "Webhooks",
      [
        messages.metricApproximateNumberOfMessagesVisible({ label: "to post" }),
        messages.metricApproximateNumberOfMessagesNotVisible({ label: "being posted" }),
        outcomes.metricApproximateNumberOfMessagesVisible({ label: "outcomes" }),
        messagesDeadLetters.metricApproximateNumberOfMessagesVisible({ label: "dead letters" }),
        outcomesDeadLetters.metricApproximateNumberOfMessagesVisible({ label: "dead outcomes" }),
      ],
      "messages",
    ),
    graph(
      "Time of a batch of posts",
      ["p50", "p99"].map((statistic) => poster.program.function.metricDuration({ statistic, label: statistic })),
      "ms",
    ),
    graph("Delay of the feed", [metrics.feedDelay().with({ label: "oldest event" })], "seconds"),
  ];
}

/** What became of sent mail, beside the rates at which SES reviews an account. */
function fates(metrics: Metrics): GraphWidget[] {
  const delivered = metrics.reported("MailsDelivered", "delivered");
  const bounced = metrics.reported("MailsBounced", "bounced");
  const complained = metrics.reported("MailsComplained", "complained");
  const rates = (
    name: "MailsBounced" | "MailsComplained",
    ofSes: "Reputation.BounceRate" | "Reputation.ComplaintRate",
  ) => [
    metrics.reputation(ofSes).with({ label: "the account, by SES" }),
    metrics.reputationOfStack(ofSes).with({ label: "this stack, by SES" }),
    metrics.share(name),
  ];
  return [
    graph(
      "Fates",
      [coloured(delivered, Color.GREEN), coloured(bounced, Color.ORANGE), coloured(complained, Color.RED)],
      "recipients",
    ),
    graph("Bounces", rates("MailsBounced", "Reputation.BounceRate"), "share", SES_LIMITS.bounces),
    graph("Complaints", rates("MailsComplained", "Reputation.ComplaintRate"), "share", SES_LIMITS.complaints),
  ];
}

function graph(title: string, left: IMetric[], label: string, limit?: number): GraphWidget {
  const lines = limit === undefined ? [] : [{ value: limit, label: "SES reviews the account", color: Color.RED }];
  return new GraphWidget({
    title,
    left,
    leftYAxis: { min: 0, label, showUnits: false },
    leftAnnotations: lines,
    width: 8,
    height: 6,
  });
}

function coloured(metric: IMetric, color: string): IMetric {
  return "with" in metric ? (metric as { with(props: { color: string }): IMetric }).with({ color }) : metric;
}
