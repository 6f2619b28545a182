import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { Refused } from "../refused.ts";
import { DATABASE_INSTANCES, type DatabaseInstanceClass, RESULT_STATUSES } from "./stage.ts";

const INSTANCES = Object.keys(DATABASE_INSTANCES) as [DatabaseInstanceClass, ...DatabaseInstanceClass[]];

/** The command line has text, a file numbers and booleans. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const list = z.union([z.array(z.string()), z.string().transform((text) => text.split(","))]);
/** An id in AWS's form: `subnet-0a1b2c3d`. */
const id = (kind: string) => z.string().regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `is no id of a ${kind}`);
const ids = (kind: string) => list.pipe(z.array(id(kind)));
const hostName = z
  .string()
  .regex(/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/, "is no host name");

/** The name of a zone, `us-east-1a`, or of a local zone, `us-west-2-lax-1a`; not the id `use1-az1`. */
const zone = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+(-[a-z]+-\d+)?[a-z]$/, "is no name of an availability zone");

/** The retention periods of CloudWatch, in days. */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** The settings of the user, which override the values of the stage. `-c` takes precedence over the file. */
const SETTINGS = z.strictObject({
  senderDomain: hostName.optional(),
  senderHostedZoneId: z.string().optional(),
  domain: hostName.optional(),
  certificateArn: z.string().startsWith("arn:").optional(),
  hostedZoneId: z.string().optional(),
  hostedZoneName: hostName.optional(),
  alarmAddress: z.email().optional(),
  maxSendRate: z.coerce.number().min(0.01).max(100_000).optional(),
  sandbox: flag.optional(),
  architecture: z.enum(["x86_64", "arm64"]).optional(),
  exit: z.enum(["endpoints", "nat"]).optional(),
  exitZones: whole(1, 3).optional(),
  vpcId: id("vpc").optional(),
  availabilityZones: list.pipe(z.array(zone)).optional(),
  applicationSubnetIds: ids("subnet").optional(),
  dataSubnetIds: ids("subnet").optional(),
  databaseInstance: z.enum(INSTANCES).optional(),
  databaseProxy: z.union([z.literal("auto"), flag]).optional(),
  storageGiB: whole(20, 65_536).optional(),
  maxStorageGiB: whole(22, 65_536).optional(),
  standby: flag.optional(),
  backupDays: whole(1, 35).optional(),
  accountConcurrency: whole(10, 1_000_000).optional(),
  apiMemoryMiB: whole(128, 10_240).optional(),
  apiRate: whole(1, 5_000).optional(),
  apiBurst: whole(1, 5_000).optional(),
  apiReservedConcurrency: whole(1, 10_000).optional(),
  workerMemoryMiB: whole(128, 10_240).optional(),
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
  workerConcurrency: whole(2, 1_000).optional(),
  eventConcurrency: whole(2, 1_000).optional(),
  workerReserved: flag.optional(),
  webhooks: flag.optional(),
  webhookConcurrency: whole(2, 1_000).optional(),
  mailDays: whole(1, 3_650).optional(),
  keepDays: whole(1, 36_500).optional(),
  eventDays: whole(1, 36_500).optional(),
  resultStatuses: list
    .pipe(z.array(z.enum(RESULT_STATUSES)).min(1))
    .transform((statuses) => [...new Set(statuses)])
    .optional(),
  logDays: whole(1, 3_653)
    .refine((days) => LOG_DAYS.includes(days), `is none of ${LOG_DAYS.join(", ")}`)
    .optional(),
});

export type Settings = z.output<typeof SETTINGS>;

/** The settings of one stage, from the file and the command line. All faults are reported together. */
export function parseSettings(file: unknown, commandLine: Record<string, unknown>): Settings {
  const given = { ...z.record(z.string(), z.unknown()).parse(file ?? {}), ...commandLine };
  const parsed = SETTINGS.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => `${key}: there is no such setting`)
      : [`${issue.path.join(".")}: ${issue.message}`],
  );
  throw new Refused(`settings of the stack:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

/** A file with an object of settings for each stage, `{"prod": {"senderDomain": "example.com"}}`. */
export function readSettingsFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    return z.record(z.string(), z.record(z.string(), z.unknown())).parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new Refused(`${path} is no object of settings for each stage`, { cause: error });
  }
}
