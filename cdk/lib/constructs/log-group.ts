import { RemovalPolicy } from "aws-cdk-lib";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";

/** Logs contain no address, subject or key, and are of no use without the stack: they are removed with it. */
export function logGroup(scope: Construct, id: string, days: RetentionDays, logGroupName?: string): LogGroup {
  const group = new LogGroup(scope, id, { retention: days, removalPolicy: RemovalPolicy.DESTROY, logGroupName });
  acknowledge(
    group,
    "Encrypted by CloudWatch's own key; there is nothing in it that would want another",
    "CKV_AWS_158",
  );
  return group;
}
