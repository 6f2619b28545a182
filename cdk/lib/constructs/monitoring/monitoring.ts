import { Stack } from "aws-cdk-lib";
import { Alarm, type Dashboard, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Rule } from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { acknowledge } from "../../acknowledge.ts";
import type { Stage } from "../../stage/stage.ts";
import type { Database } from "../database.ts";
import { rules } from "./alarms.ts";
import { dashboard } from "./dashboard.ts";
import { Metrics, type Parts } from "./metrics.ts";

/**
 * RDS's events: storage is used up; cannot be grown; would be grown to the maximum; is at four fifths of the maximum.
 */
const STORAGE_EVENTS = ["RDS-EVENT-0007", "RDS-EVENT-0223", "RDS-EVENT-0224", "RDS-EVENT-0225"];

export interface MonitoringProps extends Parts {
  readonly stage: Stage;
}

/** One dashboard, the alarms, and the topic of their notifications. */
export class Monitoring extends Construct {
  readonly topic: Topic;
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { stage, ...parts }: MonitoringProps) {
    super(scope, id);
    this.topic = new Topic(this, "Alarms", { displayName: `MMMS ${stage.name}`, enforceSSL: true });
    acknowledge(
      this.topic,
      "Alarms have names and numbers in them and nothing of a mail; CloudWatch cannot write with SNS's own key",
      "CKV_AWS_26",
    );
    // The policy that requires TLS replaces the default one, which admitted the whole account.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "AlarmsOfThisAccount",
        actions: ["sns:Publish"],
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    this.tellOfStorage(parts.database);
    if (stage.alarmAddress !== undefined) {
      const subscription = this.topic.addSubscription(new EmailSubscription(stage.alarmAddress));
      acknowledge(
        subscription,
        "An alarm that could not be mailed is still in CloudWatch",
        "Serverless-SNSRedrivePolicy",
      );
    }
    const notify = new SnsAction(this.topic);
    const metrics = new Metrics(parts);
    const alarms = rules(metrics, stage).map(({ name, notifiesOfMissingData, ...rule }) => {
      const alarm = new Alarm(this, name, {
        alarmDescription: `${name}: see "Alarms" in docs/operations.md`,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        ...rule,
      });
      alarm.addAlarmAction(notify);
      alarm.addOkAction(notify);
      if (notifiesOfMissingData) alarm.addInsufficientDataAction(notify);
      return alarm;
    });
    this.dashboard = dashboard(this, metrics, alarms);
  }

  /**
   * RDS grows the storage up to `maxStorageGiB`, and sends an event when that comes to an end. There is no metric of
   * the allocated storage, so an alarm is not possible.
   * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
   */
  private tellOfStorage({ instance }: Database): void {
    const rule = new Rule(this, "DatabaseStorageEnds", {
      description: 'DatabaseStorageEnds: see "Alarms" in docs/operations.md',
      eventPattern: {
        source: ["aws.rds"],
        detailType: ["RDS DB Instance Event"],
        resources: [instance.instanceArn],
        detail: { EventID: STORAGE_EVENTS },
      },
    });
    rule.addTarget(new SnsTopic(this.topic));
    acknowledge(
      rule,
      "RDS repeats these events while they hold; they are in its own list too",
      "Serverless-EventBusDLQ",
    );
  }
}
