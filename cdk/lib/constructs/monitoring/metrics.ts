import { Duration } from "aws-cdk-lib";
import { type IMetric, MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Api } from "../api.ts";
import type { Database } from "../database.ts";
import type { Poster } from "../poster.ts";
import type { Queues } from "../queues.ts";
import type { Sender } from "../sender.ts";
import type { Worker } from "../worker.ts";

export interface Parts {
  readonly api: Api;
  readonly worker: Worker;
  /** Where webhooks are on. */
  readonly poster?: Poster;
  readonly queues: Queues;
  readonly database: Database;
  readonly sender: Sender;
}

/** The rates at which SES reviews an account. https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html */
export const SES_LIMITS = { bounces: 0.05, complaints: 0.001 };

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
const HOUR = Duration.hours(1);

type ReputationMetric = "Reputation.BounceRate" | "Reputation.ComplaintRate";

/** The metrics that the programs write (docs/aws.md), and AWS's metrics of the resources. */
export class Metrics {
  readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Recipients that reached that end, in both functions. */
  mails(
    name: "MailsSent" | "MailsFailed" | "MailsUnconfirmed" | "MailsThrottled" | "AccountFaults" | "ResultsRefused",
    label: string,
  ): IMetric {
    const { api, worker } = this.functions();
    // A graph with several of these needs a unique id for each metric.
    const [ofApi, ofWorker] = [`api${name}`, `worker${name}`];
    return new MathExpression({
      // If one function has no data, the other's value counts. An alarm must not fill gaps: the newest minute always is
      // a gap.
      expression: `SUM([${ofApi}, ${ofWorker}])`,
      label,
      period: FIVE_MINUTES,
      usingMetrics: { [ofApi]: own(api, name, Stats.SUM), [ofWorker]: own(worker, name, Stats.SUM) },
    });
  }

  /** Recipients that SES has reported as that. The worker alone takes its events. */
  reported(name: "MailsDelivered" | "MailsBounced" | "MailsComplained", label: string): Metric {
    return own(this.functions().worker, name, Stats.SUM).with({ label });
  }

  /** The share of this stack's sent mail that SES has reported as that, in the same hour. */
  share(name: "MailsBounced" | "MailsComplained"): IMetric {
    const { api, worker } = this.functions();
    const sum = (fn: IFunction, metric: string) => own(fn, metric, Stats.SUM);
    return new MathExpression({
      expression: "reported / SUM([sentByApi, sentByWorker])",
      label: "this stack",
      period: HOUR,
      usingMetrics: {
        reported: sum(worker, name),
        sentByApi: sum(api, "MailsSent"),
        sentByWorker: sum(worker, "MailsSent"),
      },
    });
  }

  oldestDueAge(statistic: string = Stats.MAXIMUM): Metric {
    return own(this.functions().worker, "OldestDueAge", statistic);
  }

  /** Each sweep writes the age once. */
  sweeps(): Metric {
    return this.oldestDueAge(Stats.SAMPLE_COUNT);
  }

  /** The age of the oldest event that the feed does not show yet; each sweep writes it. */
  feedDelay(): Metric {
    return own(this.functions().worker, "FeedDelay", Stats.MAXIMUM);
  }

  sendDuration(statistic: string): IMetric[] {
    return Object.entries(this.functions()).map(([label, fn]) =>
      own(fn, "SendDuration", statistic).with({ label: `${label} ${statistic}` }),
    );
  }

  http(metricName: "Count" | "4xx" | "5xx" | "Latency", statistic: string, label?: string): Metric {
    const dimensionsMap = { ApiId: this.parts.api.http.apiId };
    return new Metric({
      namespace: "AWS/ApiGateway",
      metricName,
      dimensionsMap,
      statistic,
      period: FIVE_MINUTES,
      label,
    });
  }

  /** The reputation of the account in this region, by which SES judges it. */
  reputation(metricName: ReputationMetric): Metric {
    return new Metric({ namespace: "AWS/SES", metricName, statistic: Stats.AVERAGE, period: HOUR });
  }

  /** The same of the mail of this stack alone. */
  reputationOfStack(metricName: ReputationMetric): Metric {
    const { configurationSetName } = this.parts.sender.configurationSet;
    return this.reputation(metricName).with({ dimensionsMap: { "ses:configuration-set": configurationSetName } });
  }

  /** Invocations that Lambda refused because no instance was available. */
  throttles(): IMetric {
    const { api, worker } = this.functions();
    const poster = this.parts.poster?.program.function;
    const usingMetrics = {
      api: api.metricThrottles(),
      worker: worker.metricThrottles(),
      ...(poster && { poster: poster.metricThrottles() }),
    };
    return new MathExpression({
      expression: Object.keys(usingMetrics).join(" + "),
      label: "throttled invocations",
      period: FIVE_MINUTES,
      usingMetrics,
    });
  }

  functions(): { api: IFunction; worker: IFunction } {
    return { api: this.parts.api.service.function, worker: this.parts.worker.service.function };
  }
}

function own(fn: IFunction, metricName: string, statistic: string): Metric {
  const period = metricName === "OldestDueAge" ? MINUTE : FIVE_MINUTES;
  return new Metric({
    namespace: "MMMS",
    metricName,
    dimensionsMap: { FunctionName: fn.functionName },
    statistic,
    period,
  });
}
