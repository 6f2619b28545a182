import { parseArgs } from "node:util";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DescribeAvailabilityZonesCommand, DescribeVpcEndpointServicesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { stageOf } from "../lib/application.ts";
import { Refused } from "../lib/refused.ts";
import type { Stage } from "../lib/stage/stage.ts";
import { ENDPOINTS, faultOfZones, type Offered, zonesWithAll } from "../lib/zones.ts";

// Runs before a deployment, with the arguments of `cdk deploy`: refuses a first deployment that would fail in AWS, and
// prints the additional arguments that it needs. Account and region come from the environment, as for the CDK.

/** The status of a stack that does not exist yet, or whose first deployment has failed and can be continued. */
const NOT_YET = [undefined, "REVIEW_IN_PROGRESS", "CREATE_FAILED"];
/** The statuses from which CloudFormation cannot continue. */
const STUCK = ["ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED"];

async function statusOf(stackName: string): Promise<string | undefined> {
  try {
    const { Stacks } = await new CloudFormationClient({}).send(new DescribeStacksCommand({ StackName: stackName }));
    return Stacks?.[0]?.StackStatus;
  } catch (error) {
    // CloudFormation reports a missing stack only in its message.
    if (error instanceof Error && error.message.includes("does not exist")) return undefined;
    throw error;
  }
}

async function offered(region: string): Promise<Offered> {
  const ServiceNames = ENDPOINTS.map((name) => `com.amazonaws.${region}.${name}`);
  const { ServiceDetails = [] } = await new EC2Client({}).send(
    new DescribeVpcEndpointServicesCommand({ ServiceNames }),
  );
  return Object.fromEntries(
    ServiceDetails.map(({ ServiceName = "", AvailabilityZones = [] }) => [
      ServiceName.split(".").at(-1),
      AvailabilityZones,
    ]),
  );
}

/** The zones in the order in which the stack uses them if none are chosen. */
async function zonesOfRegion(): Promise<string[]> {
  const Filters = [{ Name: "zone-type", Values: ["availability-zone"] }];
  const { AvailabilityZones = [] } = await new EC2Client({}).send(new DescribeAvailabilityZonesCommand({ Filters }));
  return AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? []).sort();
}

async function checkZones({ network }: Stage): Promise<void> {
  if (network.kind !== "new" || network.exit !== "endpoints") return;
  const region = await new EC2Client({}).config.region();
  const all = await offered(region);
  console.error(`Endpoints of ${ENDPOINTS.join(", ")} can be had in: ${zonesWithAll(all).join(", ") || "no zone"}`);
  const zones = network.availabilityZones ?? (await zonesOfRegion());
  const fault = faultOfZones(zones.slice(0, network.exitZones), all);
  if (fault !== undefined) throw new Refused(fault);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { context: { type: "string", short: "c", multiple: true, default: [] } },
    strict: false,
    allowPositionals: true,
  });
  const context = Object.fromEntries(
    [values.context ?? []].flat().map((pair) => String(pair).split(/=(.*)/s).slice(0, 2)),
  );
  const stage = stageOf(context);
  const stackName = `Mmms-${stage.name}`;
  const status = await statusOf(stackName);
  if (status !== undefined && STUCK.includes(status)) {
    throw new Refused(
      `${stackName} is ${status}: nothing can be deployed over it. Remove what is left of it first: ` +
        '"A first deployment that failed" in docs/operations.md',
    );
  }
  if (!NOT_YET.includes(status)) return;
  if (status === undefined) await checkZones(stage);
  console.log("--no-rollback");
}

await main().catch((error: unknown) => {
  console.error(error instanceof Refused ? error.message : error);
  process.exitCode = 2;
});
