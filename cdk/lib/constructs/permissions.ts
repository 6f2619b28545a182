import { ArnFormat, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";
import type { Sender } from "./sender.ts";

// The resources of each action are listed in
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html

/**
 * Lambda itself attaches a function to its subnets, with the function's role; the actions that it needs take no
 * resource. The program must not use them, so they are denied to it.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
export function networkPermissions(scope: IConstruct): PolicyStatement[] {
  const actions = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ];
  const functions = Stack.of(scope).formatArn({
    service: "lambda",
    resource: "function",
    resourceName: "*",
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return [
    new PolicyStatement({ sid: "AttachToNetwork", actions, resources: ["*"] }),
    new PolicyStatement({
      sid: "ButNotTheProgram",
      effect: Effect.DENY,
      actions,
      resources: ["*"],
      conditions: { ArnLike: { "lambda:SourceFunctionArn": functions } },
    }),
  ];
}

/** Neither action takes a resource. */
export function tracingPermissions(): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: "Trace",
      actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
      resources: ["*"],
    }),
  ];
}

export interface MailPermissionsProps {
  readonly sender: Sender;
  readonly sandbox: boolean;
}

/** True if mail may be sent with every identity that the account has verified. */
export function allIdentities({ sender, sandbox }: MailPermissionsProps): boolean {
  return sender.domain === undefined || sandbox;
}

/**
 * All calls need the identity and the configuration set; the bulk call needs a template too, even if it contains its
 * own. SES checks SendBulkEmail under two actions, and SendEmail with attachments under the action for raw content as
 * well.
 */
export function mailPermissions(scope: IConstruct, props: MailPermissionsProps): PolicyStatement[] {
  const { sender } = props;
  const ses = (resource: string, resourceName: string) =>
    Stack.of(scope).formatArn({ service: "ses", resource, resourceName });
  const identities = ses("identity", allIdentities(props) || sender.domain === undefined ? "*" : sender.domain);
  const set = ses("configuration-set", sender.configurationSet.configurationSetName);
  return [
    new PolicyStatement({
      sid: "SendMail",
      actions: ["ses:SendEmail", "ses:SendRawEmail"],
      resources: [identities, set],
    }),
    new PolicyStatement({
      sid: "SendBulkMail",
      actions: ["ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"],
      resources: [identities, ses("template", "*"), set],
    }),
    // This action takes no resource.
    new PolicyStatement({ sid: "AskForSendingRate", actions: ["ses:GetAccount"], resources: ["*"] }),
  ];
}
