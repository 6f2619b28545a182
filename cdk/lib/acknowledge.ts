import { CfnResource, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Gives the reason that a rule does not apply here: a rule of cdk-nag (`AwsSolutions-…`, `Serverless-…`), checkov
 * (`CKV_…`) or cfn-lint (`W…`).
 */
export function acknowledge(construct: IConstruct, reason: string, ...rules: string[]): void {
  for (const id of rules) {
    if (id.startsWith("CKV")) skipCheckov(construct, id, reason);
    else if (/^W\d+$/.test(id)) ignoreCfnLint(construct, id, reason);
    else Validations.of(construct).acknowledge({ id, reason });
  }
}

function skipCheckov(construct: IConstruct, id: string, comment: string): void {
  const resource = resourceOf(construct);
  const before: unknown[] = resource.getMetadata("checkov")?.skip ?? [];
  resource.addMetadata("checkov", { skip: [...before, { id, comment }] });
}

function ignoreCfnLint(construct: IConstruct, id: string, reason: string): void {
  const resource = resourceOf(construct);
  const { config, reasons } = resource.getMetadata("cfn-lint") ?? {};
  resource.addMetadata("cfn-lint", {
    config: { ignore_checks: [...(config?.ignore_checks ?? []), id] },
    reasons: { ...reasons, [id]: reason },
  });
}

function resourceOf(construct: IConstruct): CfnResource {
  const resource = CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild;
  if (resource === undefined || !CfnResource.isCfnResource(resource))
    throw new Error(`${construct.node.path} is no resource`);
  return resource;
}
