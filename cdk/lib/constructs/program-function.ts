import type { Duration } from "aws-cdk-lib";
import type { ISecurityGroup } from "aws-cdk-lib/aws-ec2";
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
import { logGroup } from "./log-group.ts";
import type { Network } from "./network.ts";
import { networkPermissions, tracingPermissions } from "./permissions.ts";

export interface ProgramFunctionProps {
  readonly stage: Stage;
  /** The place in the network, in the application tier. Without one the function is outside, and reaches no part of it. */
  readonly place?: { readonly network: Network; readonly securityGroup: ISecurityGroup };
  readonly description: string;
  readonly code: Code;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly reservedConcurrentExecutions?: number;
  /** If unset, Lambda ends a chain of invocations that call each other. */
  readonly recursiveLoop?: RecursiveLoop;
  readonly environment: Record<string, string>;
  /** True if the function writes traces of its own to X-Ray. */
  readonly traced: boolean;
  /** Statements in addition to those of every function: its log, its network, its traces. */
  readonly permissions: PolicyStatement[];
  /** The reason that there is no queue for failed invocations. */
  readonly whyNoDeadLetters: string;
}

/** One of our programs as a function, with only the rights that it needs. */
export class ProgramFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: ProgramFunctionProps) {
    super(scope, id);
    const { stage, place } = props;
    this.logs = logGroup(this, "Logs", stage.retention.logDays);
    this.role = new Role(this, "Role", {
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
            ...(place ? networkPermissions(this) : []),
            ...(props.traced ? tracingPermissions() : []),
            ...props.permissions,
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
      // The statements above are all of its rights: no construct adds to them.
      role: this.role.withoutPolicyUpdates(),
      memorySize: props.memoryMiB,
      timeout: props.timeout,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      recursiveLoop: props.recursiveLoop,
      ...(place && {
        vpc: place.network.vpc,
        vpcSubnets: place.network.application,
        securityGroups: [place.securityGroup],
      }),
      logGroup: this.logs,
      // The programs themselves write JSON and apply their log levels.
      loggingFormat: LoggingFormat.TEXT,
      // Without a role for it, Lambda passes the header of a trace on and writes none.
      tracing: props.traced ? Tracing.ACTIVE : Tracing.DISABLED,
      environment: props.environment,
    });
    this.acknowledgeRules(props);
  }

  private acknowledgeRules(props: ProgramFunctionProps): void {
    const { reservedConcurrentExecutions, whyNoDeadLetters, place, traced } = props;
    const { function: fn, role } = this;
    if (place || traced) {
      acknowledge(
        role,
        "Actions that take no resource: attaching to subnets, tracing, SES's GetAccount",
        "AwsSolutions-IAM5[Resource::*]",
        "Serverless-LambdaStarPermissions",
        "CKV_AWS_111",
      );
    }
    if (!place) acknowledge(fn, "It is outside on purpose: it posts to the Internet", "CKV_AWS_117");
    if (!traced) acknowledge(fn, "It may do nothing but take, post and report", "Serverless-LambdaTracing");
    acknowledge(fn, whyNoDeadLetters, "Serverless-LambdaDLQ", "CKV_AWS_116");
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
