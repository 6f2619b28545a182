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
import type { Construct } from "constructs";
import { type Metrics, SES_LIMITS } from "./metrics.ts";

const FIVE_MINUTES = Duration.minutes(5);

/** The first row shows sent mail, its delay and failures, the third its fate; the other rows show their causes. */
export function dashboard(scope: Construct, metrics: Metrics, alarms: IAlarm[]): Dashboard {
  const { api, worker, queues, database } = metrics.parts;
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
        ...[api, worker].flatMap(({ service }, index) => {
          const name = index === 0 ? "api" : "worker";
          const options = { period: FIVE_MINUTES };
          return [
            service.function.metricErrors({ ...options, label: `${name} errors` }),
            service.function.metric("ConcurrentExecutions", {
              ...options,
              statistic: "Maximum",
              label: `${name} at once`,
            }),
          ];
        }),
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
  return board;
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
