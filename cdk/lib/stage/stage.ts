/** What one deployment of MMMS is to be like. The values of each stage, with their reasons, are in stages.ts. */
export interface Stage {
  /** Names the stack: `Mmms-<name>`. */
  readonly name: string;
  /** What the programs in the zips were built for. */
  readonly architecture: Architecture;
  readonly network: NewNetwork | ExistingNetwork;
  readonly database: DatabaseStage;
  /** Instances of functions that the account may have at a time in this region: Lambda's quota "Concurrent executions". */
  readonly accountConcurrency: number;
  readonly api: ApiStage;
  readonly worker: WorkerStage;
  /** Whose mail is sent: the domain that SES signs for. Without one, every identity of the account may be used. */
  readonly sender?: SenderStage;
  /** The name under which the API answers. Without one it is API Gateway's. */
  readonly domain?: DomainStage;
  /** An e-mail address that is told of alarms. */
  readonly alarmAddress?: string;
  /** Recipients a second, over all instances. Unset: what SES says of the account. */
  readonly maxSendRate?: number;
  /**
   * Whether SES still holds the account in its sandbox. There it also asks whether the sender may use the
   * *recipient's* identity, so the functions get all identities of the account.
   */
  readonly sandbox: boolean;
  readonly retention: RetentionStage;
  /** What stays when the stack goes: nothing, or a last snapshot of the database, the secrets and the queues. */
  readonly disposable: boolean;
}

export type Architecture = "x86_64" | "arm64";

export interface NewNetwork {
  readonly kind: "new";
  readonly cidr: string;
  /** How many zones, where AWS chooses them. */
  readonly zones: number;
  /** The zones by name, such as `us-east-1b`; SES's endpoint is in few of some regions. Unset: AWS's own order. */
  readonly availabilityZones?: readonly string[];
  /** How the functions reach SQS, SES and Secrets Manager. */
  readonly exit: "endpoints" | "nat";
  /** In how many zones that way out stands. */
  readonly exitZones: number;
}

/** A VPC that is there already. Its application subnets need a way to SQS, SES and Secrets Manager. */
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
  /** RDS adds storage by itself up to this. */
  readonly maxStorageGiB: number;
  /** A second instance in another zone that takes over by itself. */
  readonly standby: boolean;
  /** For so many days any second can be restored. */
  readonly backupDays: number;
  /** `auto`: RDS Proxy where the functions may want more connections than the instance has. */
  readonly proxy: "auto" | boolean;
}

/** What is offered, with the memory in GiB, on which the number of connections depends. */
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
  /** Requests a second that API Gateway lets through; beyond it answers 429. */
  readonly rate: number;
  /** Requests at once, before that rate counts. */
  readonly burst: number;
  /** Instances kept for the API, and the most it may have. Unset: what the account has left. */
  readonly reservedConcurrency?: number;
}

export interface WorkerStage {
  readonly memoryMiB: number;
  /** Instances that work on the queue at a time. */
  readonly maximumConcurrency: number;
  /** Whether these instances are kept for the worker, and those of the sweep beside them. */
  readonly reserved: boolean;
}

export interface SenderStage {
  readonly domain: string;
  /** The id of its public hosted zone in this account: the records are then written by the stack. */
  readonly hostedZoneId?: string;
}

export interface DomainStage {
  readonly name: string;
  /** A certificate of ACM for that name, in the stack's region. Not needed with a hosted zone. */
  readonly certificateArn?: string;
  readonly hostedZone?: { readonly id: string; readonly name: string };
}

export interface RetentionStage {
  /** Days until addresses and names leave the database, after their mailing has ended. */
  readonly mailDays: number;
  /** Days that CloudWatch keeps logs. */
  readonly logDays: number;
}
