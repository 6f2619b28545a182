import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resource, resources, template } from "./stack.ts";

const prod = template("prod", { senderDomain: "example.com" });

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const ROLES: Record<string, string> = {
  ApiServiceRole: "api",
  WorkerServiceRole: "worker",
  WorkerScheduleRole: "schedule",
  MigrationServiceRole: "migration",
  PosterServiceRole: "poster",
  AWSCDKTriggerCustomResourceProviderCustomResourceProviderRole: "starter",
};

/** The words of docs/aws.md for a resource of a statement, by its text in the template. */
const RESOURCES: [RegExp, string][] = [
  [/^"\*"$/, "*"],
  [/(Api|Worker|Migration|Poster)(Service|Starter)Logs/, "own log group"],
  [/QueuesProcessing[0-9A-F]{8}"/, "processing queue"],
  [/QueuesEvents[0-9A-F]{8}"/, "queue of events"],
  [/QueuesWebhooks[0-9A-F]{8}"/, "queue of webhooks"],
  [/QueuesOutcomes[0-9A-F]{8}"/, "queue of outcomes"],
  [/QueuesResults[0-9A-F]{8}"/, "result queue"],
  [/MasterUserSecret/, "master's secret"],
  [/DatabaseRole/, "role's secret"],
  [/ApiAdminToken/, "admin token"],
  [/HashSecret/, "secret of the hashes"],
  [/:identity\/example\.com"/, "sender's identity"],
  [/:configuration-set\/.*SenderConfigurationSet/, "configuration set"],
  [/:template\/\*"/, "any template"],
  [/WorkerServiceFunction/, "worker function"],
  [/MigrationServiceFunction.*:\*/, "any version of the migration function"],
];

function named(resource: unknown): string {
  const text = JSON.stringify(resource);
  return RESOURCES.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

function conditionOf(condition: unknown): string {
  if (condition === undefined) return "";
  const text = JSON.stringify(condition);
  const ofPrograms = text.includes('"ArnLike":{"lambda:SourceFunctionArn"') && text.includes(":function:*");
  return ofPrograms ? "by the program of any function of this account" : text;
}

/** `role | effect | action | resources | condition`, a line for each action of each role. */
function granted(): string[] {
  const lines = new Map<string, string[]>();
  for (const [id, { Properties }] of Object.entries(resources(prod, "AWS::IAM::Role"))) {
    const role = ROLES[id.replace(/[0-9A-F]{8}$/, "")];
    if (role === undefined) continue;
    const statements: Statement[] = Properties.Policies.flatMap(
      ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
    );
    for (const { Effect, Action, Resource, Condition } of statements) {
      for (const action of [Action].flat()) {
        const key = JSON.stringify([role, Effect, action, conditionOf(Condition)]);
        lines.set(key, [...(lines.get(key) ?? []), ...[Resource].flat().map(named)]);
      }
    }
  }
  return [...lines].map(([key, what]) => {
    const [role, effect, action, condition] = JSON.parse(key);
    return [role, effect, action, what.sort().join(", "), condition].join(" | ");
  });
}

function documented(): string[] {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "aws.md"), "utf8");
  const [, table = ""] = text.split("<!-- permissions -->");
  const rows = (table.split("<!-- /permissions -->")[0] ?? "")
    .split("\n")
    .filter((line) => /^\| (api|worker|poster|schedule|migration|starter) /.test(line));
  return rows.map((row) => {
    const [role, effect, action = "", what = "", condition] = row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    return [role, effect, action.replaceAll("`", ""), what.split(", ").sort().join(", "), condition].join(" | ");
  });
}

test("the roles may do what docs/aws.md lists, and nothing else", () => {
  const rows = granted();
  expect(rows.length).toBeGreaterThan(40);
  expect(documented().sort()).toEqual(rows.sort());
});

test("each call to SES is allowed under every action that SES checks it under", () => {
  for (const role of ["api", "worker"]) {
    const actions = granted()
      .filter((line) => line.startsWith(`${role} | Allow | ses:`))
      .map((line) => line.split(" | ")[2]);
    // SendEmail, also with attachments; SendBulkEmail; GetAccount; and for the list of suppressed addresses, the API only.
    expect(actions.sort()).toEqual([
      ...(role === "api" ? ["ses:DeleteSuppressedDestination"] : []),
      "ses:GetAccount",
      "ses:SendBulkEmail",
      "ses:SendBulkTemplatedEmail",
      "ses:SendEmail",
      "ses:SendRawEmail",
    ]);
  }
});

test("Lambda may poll the queues of the worker's event sources with the worker's role, and nobody else may", () => {
  const [worker] = resource(prod, "AWS::Lambda::Function", "Worker");
  const all = Object.values(resources(prod, "AWS::Lambda::EventSourceMapping"));
  const mappings = all.filter(({ Properties }) => Properties.FunctionName.Ref === worker);
  const queues = mappings.map(({ Properties }) => named(Properties.EventSourceArn)).sort();
  expect(queues).toEqual(["processing queue", "queue of events", "queue of outcomes"]);
  const rows = granted().map((line) => line.split(" | "));
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
  for (const action of ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]) {
    const [, , , of = ""] = rows.find(([role, , what]) => role === "worker" && what === action) ?? [];
    expect(of.split(", ")).toEqual(expect.arrayContaining(queues));
  }
  const ofEvents = rows.filter(([, , , of]) => of?.includes("queue of events")).map(([role]) => role);
  expect(new Set(ofEvents)).toEqual(new Set(["worker"]));
});

test("all other roles belong to AWS's own services", () => {
  const principals = Object.entries(resources(prod, "AWS::IAM::Role"))
    .filter(([id]) => ROLES[id.replace(/[0-9A-F]{8}$/, "")] === undefined)
    .map(([, { Properties }]) => Properties.AssumeRolePolicyDocument.Statement[0].Principal.Service);
  expect(principals.sort()).toEqual(["rds.amazonaws.com", "vpc-flow-logs.amazonaws.com"]);
});
