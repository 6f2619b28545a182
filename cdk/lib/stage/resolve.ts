import { Refused } from "../refused.ts";
import { apiConcurrency, workerInstances } from "./capacity.ts";
import { parseSettings, type Settings } from "./settings.ts";
import type { DomainStage, ExistingNetwork, NewNetwork, SenderStage, Stage } from "./stage.ts";
import { STAGES } from "./stages.ts";

/** The stage of that name, with the user's settings. Settings that do not fit together are refused. */
export function resolveStage(name: string, file: unknown = {}, commandLine: Record<string, unknown> = {}): Stage {
  const base = STAGES[name];
  if (base === undefined) throw new Refused(`stage: there is no ${name}, but ${Object.keys(STAGES).join(", ")}`);
  const stage = withSettings(base, parseSettings(file, commandLine));
  check(stage);
  return stage;
}

function withSettings(base: Stage, set: Settings): Stage {
  const { database, api, worker, webhooks, retention } = base;
  // A longer mailDays alone means that mailings are kept for as long.
  const keepDays = set.keepDays ?? Math.max(retention.keepDays, set.mailDays ?? 0);
  return {
    ...base,
    architecture: set.architecture ?? base.architecture,
    network: network(base.network, set),
    database: {
      instance: set.databaseInstance ?? database.instance,
      storageGiB: set.storageGiB ?? database.storageGiB,
      maxStorageGiB: set.maxStorageGiB ?? database.maxStorageGiB,
      standby: set.standby ?? database.standby,
      backupDays: set.backupDays ?? database.backupDays,
      proxy: set.databaseProxy ?? database.proxy,
    },
    accountConcurrency: set.accountConcurrency ?? base.accountConcurrency,
    api: {
      memoryMiB: set.apiMemoryMiB ?? api.memoryMiB,
      rate: set.apiRate ?? api.rate,
      burst: set.apiBurst ?? api.burst,
      reservedConcurrency: set.apiReservedConcurrency ?? api.reservedConcurrency,
    },
    worker: {
      memoryMiB: set.workerMemoryMiB ?? worker.memoryMiB,
      maximumConcurrency: set.workerConcurrency ?? worker.maximumConcurrency,
      eventConcurrency: set.eventConcurrency ?? worker.eventConcurrency,
      reserved: set.workerReserved ?? worker.reserved,
    },
    webhooks: {
      enabled: set.webhooks ?? webhooks.enabled,
      concurrency: set.webhookConcurrency ?? webhooks.concurrency,
      reach: webhooks.reach,
    },
    sender: sender(set) ?? base.sender,
    domain: domain(set) ?? base.domain,
    alarmAddress: set.alarmAddress ?? base.alarmAddress,
    maxSendRate: set.maxSendRate ?? base.maxSendRate,
    sandbox: set.sandbox ?? base.sandbox,
    retention: {
      mailDays: set.mailDays ?? retention.mailDays,
      keepDays,
      // A shorter keepDays alone means that events are kept for no longer.
      eventDays: set.eventDays ?? Math.min(retention.eventDays, keepDays),
      logDays: set.logDays ?? retention.logDays,
    },
    resultStatuses: set.resultStatuses ?? base.resultStatuses,
  };
}

function network(base: NewNetwork | ExistingNetwork, set: Settings): NewNetwork | ExistingNetwork {
  if (set.vpcId === undefined) {
    for (const name of ["applicationSubnetIds", "dataSubnetIds"] as const) {
      if (set[name] !== undefined) throw new Refused(`${name}: is for an existing VPC, and needs vpcId`);
    }
    if (base.kind === "existing") return base;
    const availabilityZones = set.availabilityZones ?? base.availabilityZones;
    const zones = availabilityZones?.length ?? base.zones;
    if (availabilityZones && new Set(availabilityZones).size < zones) {
      throw new Refused("availabilityZones: names a zone twice");
    }
    // RDS needs subnets in two zones, and six tiers in three zones fill the range.
    if (zones < 2 || zones > 3) throw new Refused("availabilityZones: has to name two or three zones");
    const exitZones = set.exitZones ?? Math.min(base.exitZones, zones);
    if (exitZones > zones) throw new Refused(`exitZones: there are only ${zones} zones`);
    return { ...base, exit: set.exit ?? base.exit, exitZones, zones, availabilityZones };
  }
  if (set.exit !== undefined || set.exitZones !== undefined) {
    throw new Refused("exit, exitZones: an existing VPC has its own way out");
  }
  const { vpcId, availabilityZones = [], applicationSubnetIds = [], dataSubnetIds = [] } = set;
  const zones = availabilityZones.length;
  if (zones < 2 || applicationSubnetIds.length !== zones || dataSubnetIds.length !== zones) {
    throw new Refused(
      "vpcId: an existing VPC needs availabilityZones (at least two), applicationSubnetIds and dataSubnetIds, " +
        "one of each kind for each zone, in the same order",
    );
  }
  return { kind: "existing", vpcId, availabilityZones, applicationSubnetIds, dataSubnetIds };
}

function sender(set: Settings): SenderStage | undefined {
  if (set.senderDomain !== undefined) return { domain: set.senderDomain, hostedZoneId: set.senderHostedZoneId };
  if (set.senderHostedZoneId !== undefined) throw new Refused("senderHostedZoneId: needs senderDomain");
  return undefined;
}

function domain(set: Settings): DomainStage | undefined {
  const { domain: name, certificateArn, hostedZoneId, hostedZoneName } = set;
  if ((hostedZoneId === undefined) !== (hostedZoneName === undefined)) {
    throw new Refused("hostedZoneId, hostedZoneName: each needs the other");
  }
  if (name === undefined) {
    if (certificateArn ?? hostedZoneId) throw new Refused("certificateArn, hostedZoneId: need domain");
    return undefined;
  }
  if (hostedZoneId !== undefined && hostedZoneName !== undefined) {
    if (name !== hostedZoneName && !name.endsWith(`.${hostedZoneName}`)) {
      throw new Refused(`domain: ${name} is not in the zone ${hostedZoneName}`);
    }
    return { name, certificateArn, hostedZone: { id: hostedZoneId, name: hostedZoneName } };
  }
  if (certificateArn === undefined) {
    throw new Refused(`domain: ${name} needs certificateArn, or hostedZoneId and hostedZoneName to issue one`);
  }
  return { name, certificateArn };
}

function check(stage: Stage): void {
  const { database, api, worker, retention } = stage;
  // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
  if (database.maxStorageGiB < database.storageGiB * 1.1) {
    throw new Refused(`maxStorageGiB: has to be a tenth more than storageGiB, ${database.storageGiB}`);
  }
  if (retention.keepDays < retention.mailDays) {
    throw new Refused(`keepDays: has to be at least mailDays, ${retention.mailDays}`);
  }
  if (retention.eventDays > retention.keepDays) {
    throw new Refused(`eventDays: has to be at most keepDays, ${retention.keepDays}`);
  }
  if (api.burst < api.rate) throw new Refused(`apiBurst: is less than apiRate, ${api.rate}`);
  if (worker.reserved && workerInstances(stage) > stage.accountConcurrency) {
    throw new Refused(
      `workerReserved: keeps ${workerInstances(stage)} instances, for workerConcurrency, eventConcurrency, webhooks and the sweep, ` +
        `and the account has ${stage.accountConcurrency}`,
    );
  }
  const instances = apiConcurrency(stage);
  if (api.burst > instances) {
    throw new Refused(
      `apiBurst: ${api.burst} requests at once find ${Math.max(0, instances)} instances of the API, and the others a 503. ` +
        "Set apiBurst and apiRate lower, webhooks to false, or accountConcurrency to what the account has (Lambda's quota of concurrent executions)",
    );
  }
}
