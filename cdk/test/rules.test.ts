import { App, Stack } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { resolveStage } from "../lib/stage/resolve.ts";
import { FULL, resources, stackOf, template } from "./stack.ts";

/** Every variant of the stack. */
const SHAPES: [string, Record<string, unknown>][] = [
  ["dev", {}],
  ["prod", FULL],
  ["emulator", {}],
  ["prod", { exit: "nat", databaseProxy: false, workerReserved: true, apiReservedConcurrency: 400, sandbox: true }],
  [
    "dev",
    {
      domain: "mail.example.com",
      hostedZoneId: "Z1",
      hostedZoneName: "example.com",
      senderDomain: "example.com",
      senderHostedZoneId: "Z1",
    },
  ],
];

describe.each(SHAPES)("%s with %j", (stage, settings) => {
  test.each([AwsSolutionsChecks, ServerlessChecks])("leaves nothing of cdk-nag unacknowledged (%#)", (Pack) => {
    const stack = stackOf(resolveStage(stage, settings));
    const report = new Pack(stack).validateScope(stack);
    expect(report.violations).toEqual([]);
  });
});

test("cdk-nag finds faults", () => {
  const stack = new Stack(new App(), "Careless");
  new Queue(stack, "Queue");
  const { violations } = new AwsSolutionsChecks(stack).validateScope(stack);
  expect(violations.map(({ ruleName }) => ruleName)).toContain("AwsSolutions-SQS4");
});

/** The actions with the resource `*`, and the reasons. */
const STARS = new Map([
  ["ec2:AssignPrivateIpAddresses", "takes no resource"],
  ["ec2:CreateNetworkInterface", "Lambda does it before it knows the interface"],
  ["ec2:DeleteNetworkInterface", "the same"],
  ["ec2:DescribeNetworkInterfaces", "takes no resource"],
  ["ec2:DescribeSubnets", "takes no resource"],
  ["ec2:UnassignPrivateIpAddresses", "takes no resource"],
  ["ses:DeleteSuppressedDestination", "takes no resource"],
  ["ses:GetAccount", "takes no resource"],
  ["xray:PutTelemetryRecords", "takes no resource"],
  ["xray:PutTraceSegments", "takes no resource"],
]);

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** The statements of every role and policy of the stack. */
function statements(stage: string, settings: Record<string, unknown>): Statement[] {
  const of = template(stage, settings);
  const inline = Object.values(resources(of, "AWS::IAM::Role")).flatMap(({ Properties }) => Properties.Policies ?? []);
  const attached = Object.values(resources(of, "AWS::IAM::Policy")).map(({ Properties }) => Properties);
  return [...inline, ...attached].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

test.each(SHAPES)("%s with %j has no * in IAM but where it must", (stage, settings) => {
  const all = statements(stage, settings);
  expect(all.length).toBeGreaterThan(10);
  const stars = all
    .filter(({ Effect, Resource }) => Effect === "Allow" && [Resource].flat().includes("*"))
    .flatMap(({ Action }) => [Action].flat());
  expect(stars.filter((action) => !STARS.has(action))).toEqual([]);
  expect(all.flatMap(({ Action }) => [Action].flat()).filter((action) => action.includes("*"))).toEqual([]);
});

test("no role has a policy of AWS's own", () => {
  for (const [stage, settings] of SHAPES) {
    for (const { Properties } of Object.values(resources(template(stage, settings), "AWS::IAM::Role"))) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
    }
  }
});
