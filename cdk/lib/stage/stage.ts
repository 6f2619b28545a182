/** The description of one deployment of MMMS. The values of each stage, with their reasons, are in stages.ts. */
export interface Stage {
  /** The name in the stack's name: `Mmms-<name>`. */
  readonly name: string;
  /** The architecture that the programs in the zips were built for. */
  readonly architecture: Architecture;
  readonly network: NewNetwork | ExistingNetwork;
  readonly database: DatabaseStage;
  /**
   * Instances of functions that the account may have at a time in this region: Lambda's quota "Concurrent executions".
   */
  readonly accountConcurrency: number;
  readonly api: ApiStage;
  readonly worker: WorkerStage;
  readonly webhooks: WebhooksStage;
  /** The sender's domain, which SES signs for. Without one, every identity of the account may be used. */
  readonly sender?: SenderStage;
  /** The host name of the API. Without one it is API Gateway's. */
  readonly domain?: DomainStage;
  /** The e-mail address that gets the alarms. */
  readonly alarmAddress?: string;
  /** Recipients a second, over all instances. If unset, the account's rate according to SES. */
  readonly maxSendRate?: number;
  /**
   * True while SES has the account in its sandbox. There it also checks the right to the *recipient's* identity, so the
   * functions may use all identities of the account.
   */
  readonly sandbox: boolean;
  readonly retention: RetentionStage;
  /** The statuses that are published to the result queue. If unset, those that every reader knows. */
  readonly resultStatuses?: readonly ResultStatus[];
  /**
   * The resources that stay when the stack is removed: none, or a last snapshot of the database, the secrets and the
   * queues.
   */
  readonly disposable: boolean;
}

/** The statuses of a recipient that has reached an end (`ResultStatuses` in mail/src/result_statuses.rs). */
export const RESULT_STATUSES = [
  "sent",
  "failed",
  "unconfirmed",
  "cancelled",
  "suppressed",
  "delivered",
  "bounced",
  "complained",
] as const;

export type ResultStatus = (typeof RESULT_STATUSES)[number];

export type Architecture = "x86_64" | "arm64";

export interface NewNetwork {
  readonly kind: "new";
  readonly cidr: string;
  /** The number of zones, if AWS chooses them. */
  readonly zones: number;
  /** The zones by name, such as `us-east-1b`; in some regions few have SES's endpoint. If unset, AWS's own order. */
  readonly availabilityZones?: readonly string[];
  /** The way from the functions to SQS, SES and Secrets Manager. */
  readonly exit: "endpoints" | "nat";
  /** The number of zones with that exit. */
  readonly exitZones: number;
}

/** An existing VPC. Its application subnets need access to SQS, SES and Secrets Manager. */
export interface ExistingNetwork {
  readonly kind: "existing";
  readonly vpcId: string;
  readonly availabilityZones: readonly string[];
  readonly applicationSubnetIds: readonly string[];
  readonly dataSubnetIds: readonly string[];
}

export interface DatabaseStage {
  readonly instance: DatabaseInstanceClass;
  readonly storageGiB: number;
  /** The size up to which RDS adds storage by itself. */
  readonly maxStorageGiB: number;
  /** A second instance in another zone that takes over by itself. */
  readonly standby: boolean;
  /** The number of days back to which any second can be restored. */
  readonly backupDays: number;
  /** `auto`: RDS Proxy if the functions may need more connections than the instance has. */
  readonly proxy: "auto" | boolean;
}

/** The instance classes on offer, with their memory in GiB, on which the number of connections depends. */
export const DATABASE_INSTANCES = {
  "t4g.micro": 1,
  "t4g.small": 2,
  "t4g.medium": 4,
  "t4g.large": 8,
  "m7g.large": 8,
  "m7g.xlarge": 16,
  "m7g.2xlarge": 32,
  "m7g.4xlarge": 64,
} as const;

export type DatabaseInstanceClass = keyof typeof DATABASE_INSTANCES;

export interface ApiStage {
  readonly memoryMiB: number;
  /** The requests a second that API Gateway admits; beyond them it answers 429. */
  readonly rate: number;
  /** The requests at once before that rate applies. */
  readonly burst: number;
  /** The instances reserved for the API, and its maximum. If unset, the account's remaining instances. */
  readonly reservedConcurrency?: number;
}

export interface WorkerStage {
  readonly memoryMiB: number;
  /** The instances that work on the queue at a time. */
  readonly maximumConcurrency: number;
  /** The instances that take events of SES at a time, and as many that take outcomes of webhooks. */
  readonly eventConcurrency: number;
  /** True if these instances, and those of the sweep, are reserved for the worker. */
  readonly reserved: boolean;
}

export interface WebhooksStage {
  /** False leaves out the function that posts, and its queues. The API then refuses webhooks. */
  readonly enabled: boolean;
  /** The instances of that function at a time. Each posts ten messages at once. */
  readonly concurrency: number;
  /** The addresses that webhooks may be at: public ones, or the machine of the functions as well, for an emulator. */
  readonly reach: "public" | "loopback";
}

export interface SenderStage {
  readonly domain: string;
  /** The id of its public hosted zone in this account, in which the stack then writes the records. */
  readonly hostedZoneId?: string;
}

export interface DomainStage {
  readonly name: string;
  /** A certificate of ACM for that name, in the stack's region. Not needed with a hosted zone. */
  readonly certificateArn?: string;
  readonly hostedZone?: { readonly id: string; readonly name: string };
}

export interface RetentionStage {
  /** The days from the end of a mailing until its addresses and names are removed from the database. */
  readonly mailDays: number;
  /** The days from the end of a mailing until all of it is removed from the database; at least `mailDays`. */
  readonly keepDays: number;
  /** The days for which events are kept, for the feed and for replays; at most `keepDays`. */
  readonly eventDays: number;
  /** The days until CloudWatch deletes logs. */
  readonly logDays: number;
}
