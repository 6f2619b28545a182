import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { Stage } from "../stage/stage.ts";
import type { Database } from "./database.ts";
import type { HashSecret } from "./hash-secret.ts";
import type { Network } from "./network.ts";
import { allIdentities, mailPermissions } from "./permissions.ts";
import { reachOf } from "./poster.ts";
import { ProgramFunction, type ProgramFunctionProps } from "./program-function.ts";
import type { Queues } from "./queues.ts";
import type { Sender } from "./sender.ts";

/** The resources that both functions use. */
export interface ServiceProps {
  readonly stage: Stage;
  readonly network: Network;
  readonly database: Database;
  readonly queues: Queues;
  readonly sender: Sender;
  readonly hashSecret: HashSecret;
}

export interface ServiceFunctionProps
  extends ServiceProps,
    Pick<
      ProgramFunctionProps,
      "description" | "code" | "memoryMiB" | "timeout" | "reservedConcurrentExecutions" | "recursiveLoop"
    > {
  /** Statements in addition to those of both functions. */
  readonly environment?: Record<string, string>;
  readonly permissions?: PolicyStatement[];
}

/** One of the two functions that serve, with only the rights that both need. */
export class ServiceFunction extends ProgramFunction {
  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    const { stage, network, database, queues, sender, hashSecret } = props;
    super(scope, id, {
      ...props,
      place: { network, securityGroup: network.functions },
      traced: true,
      whyNoDeadLetters:
        "Called by API Gateway and SQS, which keep what failed; a sweep that failed is followed by the next in a minute",
      permissions: [
        new PolicyStatement({
          sid: "ReadDatabaseLogin",
          actions: ["secretsmanager:GetSecretValue"],
          resources: [database.roleSecret.secretArn],
        }),
        new PolicyStatement({
          sid: "ReadHashSecret",
          actions: ["secretsmanager:GetSecretValue"],
          resources: [hashSecret.secret.secretArn],
        }),
        new PolicyStatement({
          sid: "QueueMail",
          actions: ["sqs:SendMessage", "sqs:GetQueueAttributes"],
          resources: [queues.processing.queueArn],
        }),
        new PolicyStatement({
          sid: "PublishResults",
          actions: ["sqs:SendMessage", "sqs:GetQueueAttributes"],
          resources: [queues.results.queueArn],
        }),
        // The worker hands over what is due, and the API a ping or a replay, so that these do not wait for the sweep.
        ...(queues.webhooks
          ? [
              new PolicyStatement({
                sid: "HandOverToWebhooks",
                actions: ["sqs:SendMessage"],
                resources: [queues.webhooks.messages.queueArn],
              }),
            ]
          : []),
        ...mailPermissions(scope, { sender, sandbox: stage.sandbox }),
        ...(props.permissions ?? []),
      ],
      environment: {
        SECRET_NAME: database.roleSecret.secretArn,
        DB_NAME: database.databaseName,
        DB_HOST: database.host,
        DB_PORT: database.port,
        // The migration function migrates before these functions are changed; their role has no right to do so.
        DB_MIGRATE: "false",
        MAIL_QUEUE_URL: queues.processing.queueUrl,
        MAIL_RESULT_QUEUE_URL: queues.results.queueUrl,
        ...(queues.webhooks && {
          WEBHOOK_QUEUE_URL: queues.webhooks.messages.queueUrl,
          WEBHOOK_OUTCOME_QUEUE_URL: queues.webhooks.outcomes.queueUrl,
        }),
        ...reachOf(stage),
        RETENTION_DAYS: String(stage.retention.mailDays),
        KEEP_DAYS: String(stage.retention.keepDays),
        EVENT_DAYS: String(stage.retention.eventDays),
        ...(stage.resultStatuses && { RESULT_STATUSES: stage.resultStatuses.join(",") }),
        HASH_SECRET_NAME: hashSecret.secret.secretArn,
        SES_CONFIGURATION_SET: sender.configurationSet.configurationSetName,
        ...(stage.maxSendRate !== undefined && { MAX_SEND_RATE: String(stage.maxSendRate) }),
        ...props.environment,
      },
    });
    const ses = "Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>";
    acknowledge(
      this.role,
      "SendBulkEmail asks for a template even where the request carries its own, which has no name",
      `AwsSolutions-IAM5[${ses}:template/*]`,
    );
    if (allIdentities({ sender, sandbox: stage.sandbox })) {
      const reason = sender.domain
        ? "In SES's sandbox the recipient's identity is checked too"
        : "No sender domain is set: whatever the account has verified may be used";
      acknowledge(this.role, reason, `AwsSolutions-IAM5[${ses}:identity/*]`);
    }
  }
}
