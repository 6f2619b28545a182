import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetAccountCommand, SESv2Client } from "@aws-sdk/client-sesv2";

/** The outputs of a deployed stack, by name. Account and region come from the environment, as for the CDK. */
export async function outputsOf(stackName: string): Promise<Record<string, string>> {
  const { Stacks } = await new CloudFormationClient({}).send(new DescribeStacksCommand({ StackName: stackName }));
  const outputs = Stacks?.[0]?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
}

export async function secret(name: string): Promise<string> {
  const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: name }));
  if (SecretString === undefined) throw new Error(`the secret ${name} is no text`);
  return SecretString;
}

/** Recipients a second that SES allows the account. */
export async function maxSendRate(): Promise<number> {
  const { SendQuota } = await new SESv2Client({}).send(new GetAccountCommand({}));
  return SendQuota?.MaxSendRate ?? 0;
}
