import { createRequire } from "node:module";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { MmmsStack } from "../lib/mmms-stack.ts";
import { noPrograms } from "../lib/program.ts";
import { resolveStage } from "../lib/stage/resolve.ts";
import type { Stage } from "../lib/stage/stage.ts";

export const ROUTES = ["POST /v1/mail", "GET /v1/mail", "DELETE /v1/api-key/{api_key}"];

/** Possible settings of a real stage. */
export const FULL = {
  senderDomain: "example.com",
  domain: "mail.example.com",
  certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/1",
  alarmAddress: "alarms@example.com",
};

type Settings = Record<string, unknown>;

export function stackOf(stage: Stage): MmmsStack {
  const app = new App({ context: createRequire(import.meta.url)("aws-cdk-lib/recommended-feature-flags.json") });
  return new MmmsStack(app, `Mmms-${stage.name}`, { stage, programs: noPrograms(), routes: ROUTES });
}

const templates = new Map<string, Template>();

/** The template of that stage with those settings, made once. */
export function template(stage: string, settings: Settings = {}): Template {
  const key = JSON.stringify([stage, settings]);
  const known = templates.get(key) ?? Template.fromStack(stackOf(resolveStage(stage, settings)));
  templates.set(key, known);
  return known;
}

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: properties are CloudFormation's, and tests look deep into them
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}

/** The resources of a type, by logical id. */
export function resources(of: Template, type: string): Record<string, Resource> {
  return of.findResources(type) as Record<string, Resource>;
}

/** The resource whose logical id begins with this text. */
export function resource(of: Template, type: string, begins: string): [string, Resource] {
  const found = Object.entries(resources(of, type)).filter(([id]) => id.startsWith(begins));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} of ${type} begin with ${begins}`);
  return first;
}

/** The functions that serve requests and mail, in a template of their own. */
export const serving = (of: Template) => functions(of, /^(Api|Worker)/);
/** All functions that run our programs in the network. */
export const ours = (of: Template) => functions(of, /^(Api|Worker|Migration)/);

function functions(of: Template, ids: RegExp): Template {
  const found = Object.entries(resources(of, "AWS::Lambda::Function")).filter(([id]) => ids.test(id));
  const alone = found.map(([id, { Type, Properties }]) => [id, { Type, Properties }]);
  return Template.fromJSON({ Resources: Object.fromEntries(alone) });
}

export { Match };
