import { Stack } from "aws-cdk-lib";
import { Alarm, type Dashboard, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { acknowledge } from "../../acknowledge.ts";
import type { Stage } from "../../stage/stage.ts";
import { rules } from "./alarms.ts";
import { dashboard } from "./dashboard.ts";
import { Metrics, type Parts } from "./metrics.ts";

export interface MonitoringProps extends Parts {
  readonly stage: Stage;
}

/** One dashboard, the alarms, and the topic that tells of them. */
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
    // The policy that forbids what is not TLS takes the place of the one that let in the whole account.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "AlarmsOfThisAccount",
        actions: ["sns:Publish"],
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    if (stage.alarmAddress !== undefined) {
      const subscription = this.topic.addSubscription(new EmailSubscription(stage.alarmAddress));
      acknowledge(
        subscription,
        "An alarm that could not be mailed is still in CloudWatch",
        "Serverless-SNSRedrivePolicy",
      );
    }
    const tell = new SnsAction(this.topic);
    const metrics = new Metrics(parts);
    const alarms = rules(metrics, stage).map(({ name, ...rule }) => {
      const alarm = new Alarm(this, name, {
        alarmDescription: `${name}: see "Alarms" in docs/operations.md`,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        ...rule,
      });
      alarm.addAlarmAction(tell);
      alarm.addOkAction(tell);
      return alarm;
    });
    this.dashboard = dashboard(this, metrics, alarms);
  }
}
