import type { Duration } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  type RecursiveLoop,
  Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { Stage } from "../stage/stage.ts";
import type { Database } from "./database.ts";
import { logGroup } from "./log-group.ts";
import type { Network } from "./network.ts";
import { allIdentities, mailPermissions, networkPermissions, tracingPermissions } from "./permissions.ts";
import type { Queues } from "./queues.ts";
import type { Sender } from "./sender.ts";

/** What both functions use. */
export interface ServiceProps {
  readonly stage: Stage;
  readonly network: Network;
  readonly database: Database;
  readonly queues: Queues;
  readonly sender: Sender;
}

export interface ServiceFunctionProps extends ServiceProps {
  readonly description: string;
  readonly code: Code;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly reservedConcurrentExecutions?: number;
  /** Unset: Lambda ends a chain of invocations that call each other. */
  readonly recursiveLoop?: RecursiveLoop;
  /** Beside what both have. */
  readonly environment?: Record<string, string>;
  readonly permissions?: PolicyStatement[];
}

/** One of the two programs as a function: in the application tier, with what both need and nothing else. */
export class ServiceFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { stage, network, database, queues, sender } = props;
    this.logs = logGroup(this, "Logs", stage.retention.logDays);
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: props.description,
      inlinePolicies: {
        service: new PolicyDocument({
          statements: [
            new PolicyStatement({
              sid: "WriteLogs",
              actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
              resources: [this.logs.logGroupArn],
            }),
            ...networkPermissions(this),
            ...tracingPermissions(),
            new PolicyStatement({
              sid: "ReadDatabaseLogin",
              actions: ["secretsmanager:GetSecretValue"],
              resources: [database.secret.secretArn],
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
            ...mailPermissions(this, { sender, sandbox: stage.sandbox }),
            ...(props.permissions ?? []),
          ],
        }),
      },
    });
    this.function = new LambdaFunction(this, "Function", {
      description: props.description,
      runtime: Runtime.PROVIDED_AL2023,
      architecture: stage.architecture === "arm64" ? Architecture.ARM_64 : Architecture.X86_64,
      handler: "bootstrap",
      code: props.code,
      // What is written above is all that it may: no construct adds to it.
      role: role.withoutPolicyUpdates(),
      memorySize: props.memoryMiB,
      timeout: props.timeout,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      recursiveLoop: props.recursiveLoop,
      vpc: network.vpc,
      vpcSubnets: network.application,
      securityGroups: [network.functions],
      logGroup: this.logs,
      // The programs write JSON themselves, and their own levels.
      loggingFormat: LoggingFormat.TEXT,
      tracing: Tracing.ACTIVE,
      environment: {
        SECRET_NAME: database.secret.secretArn,
        DB_NAME: database.databaseName,
        DB_HOST: database.host,
        DB_PORT: database.port,
        MAIL_QUEUE_URL: queues.processing.queueUrl,
        MAIL_RESULT_QUEUE_URL: queues.results.queueUrl,
        RETENTION_DAYS: String(stage.retention.mailDays),
        SES_CONFIGURATION_SET: sender.configurationSet.configurationSetName,
        ...(stage.maxSendRate !== undefined && { MAX_SEND_RATE: String(stage.maxSendRate) }),
        ...props.environment,
      },
    });
    this.acknowledgeRules(role, props);
  }

  private acknowledgeRules(role: Role, { sender, stage, reservedConcurrentExecutions }: ServiceFunctionProps): void {
    const { function: fn } = this;
    const ses = "Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>";
    acknowledge(
      role,
      "Actions that take no resource: attaching to subnets, tracing, SES's GetAccount",
      "AwsSolutions-IAM5[Resource::*]",
      "Serverless-LambdaStarPermissions",
      "CKV_AWS_111",
    );
    acknowledge(
      role,
      "SendBulkEmail asks for a template even where the request carries its own, which has no name",
      `AwsSolutions-IAM5[${ses}:template/*]`,
    );
    if (allIdentities({ sender, sandbox: stage.sandbox })) {
      const reason = sender.domain
        ? "In SES's sandbox the recipient's identity is checked too"
        : "No sender domain is set: whatever the account has verified may be used";
      acknowledge(role, reason, `AwsSolutions-IAM5[${ses}:identity/*]`);
    }
    acknowledge(
      fn,
      "Called by API Gateway and SQS, which keep what failed; a sweep that failed is followed by the next in a minute",
      "Serverless-LambdaDLQ",
      "CKV_AWS_116",
    );
    acknowledge(fn, "Names and ARNs are no secrets; the variables hold nothing else", "CKV_AWS_173");
    acknowledge(
      fn,
      "What runs is what this deployment uploaded: a signing profile would need a build service",
      "CKV_AWS_272",
    );
    if (reservedConcurrentExecutions === undefined) {
      acknowledge(fn, "Reserved concurrency is by choice: it takes from the account's other functions", "CKV_AWS_115");
    }
  }
}
