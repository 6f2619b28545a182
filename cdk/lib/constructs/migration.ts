import { type CfnResource, Duration, Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Code } from "aws-cdk-lib/aws-lambda";
import { Trigger } from "aws-cdk-lib/triggers";
import { Construct, type IDependable } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { Stage } from "../stage/stage.ts";
import type { Database } from "./database.ts";
import { logGroup } from "./log-group.ts";
import type { Network } from "./network.ts";
import { ProgramFunction } from "./program-function.ts";

export interface MigrationProps {
  readonly stage: Stage;
  readonly network: Network;
  readonly database: Database;
  /** The code of the worker: with this function's environment it only migrates. */
  readonly code: Code;
  /** The constructs that need the new schema and the role. */
  readonly before: Construct[];
}

/** Lambda allows 15 minutes for an invocation, and so for the function that waits for it. */
const TIMEOUT = Duration.minutes(14);

/**
 * Migrates the schema and sets up the role that the functions log in as: at each deployment that changes the program,
 * after the database and before the proxy and the functions. Only this function knows the master's login.
 */
export class Migration extends Construct {
  readonly program: ProgramFunction;

  constructor(scope: Construct, id: string, props: MigrationProps) {
    super(scope, id);
    const { stage, network, database } = props;
    this.program = new ProgramFunction(this, "Service", {
      stage,
      place: { network, securityGroup: network.migration },
      traced: true,
      code: props.code,
      description: "MMMS migration: brings the database up to date at a deployment",
      // The function mostly waits for the database; this is the smallest memory with which it starts as fast as the
      // others.
      memoryMiB: 256,
      timeout: TIMEOUT,
      whyNoDeadLetters: "Called by a deployment, which fails where it does",
      permissions: [
        new PolicyStatement({
          sid: "ReadDatabaseLogins",
          actions: ["secretsmanager:GetSecretValue"],
          resources: [database.masterSecret.secretArn, database.roleSecret.secretArn],
        }),
      ],
      environment: {
        SECRET_NAME: database.masterSecret.secretArn,
        DB_ROLE_SECRET_NAME: database.roleSecret.secretArn,
        DB_NAME: database.databaseName,
        // The host is never the proxy, which does not know the master.
        DB_HOST: database.instance.dbInstanceEndpointAddress,
        DB_PORT: database.instance.dbInstanceEndpointPort,
      },
    });
    const trigger = new Trigger(this, "Trigger", {
      handler: this.program.function,
      // The SDK of the waiting function times out a little later than Lambda.
      timeout: TIMEOUT.plus(Duration.seconds(30)),
    });
    const way: IDependable[] = [network, database.instance, database.door];
    trigger.node.addDependency(...way);
    for (const later of props.before) later.node.addDependency(trigger);
    this.keepStarterInBounds(stage);
  }

  /**
   * The CDK's own function that starts the migration. It is in no VPC, because CloudFormation cannot be reached through
   * the endpoints.
   */
  private keepStarterInBounds(stage: Stage): void {
    const starter = Stack.of(this).node.findChild("AWSCDK.TriggerCustomResourceProviderCustomResourceProvider");
    const role = starter.node.findChild("Role") as CfnResource;
    const handler = starter.node.findChild("Handler") as CfnResource;
    const logs = logGroup(this, "StarterLogs", stage.retention.logDays);
    // Without this, its log would be kept for ever and outlive the stack, and AWS's policy would let it write any log.
    handler.addPropertyOverride("LoggingConfig", { LogGroup: logs.logGroupName });
    role.addPropertyDeletionOverride("ManagedPolicyArns");
    role.addPropertyOverride("Policies.1", {
      PolicyName: "Logs",
      PolicyDocument: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: logs.logGroupArn },
        ],
      },
    });
    acknowledge(role, "Any version of the migration, and no other function", "AwsSolutions-IAM5");
    const reason = "The CDK's own: started by a deployment, which fails where it does; it knows no secret";
    acknowledge(handler, reason, "AwsSolutions-L1", "Serverless-LambdaDLQ", "Serverless-LambdaTracing");
    acknowledge(handler, reason, "CKV_AWS_115", "CKV_AWS_116", "CKV_AWS_117", "CKV_AWS_173", "CKV_AWS_272");
  }
}
