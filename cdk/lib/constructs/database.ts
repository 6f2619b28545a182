import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { InstanceType, type ISecurityGroup, Port, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import {
  CaCertificate,
  ClientPasswordAuthType,
  Credentials,
  DatabaseInsightsMode,
  DatabaseInstance,
  DatabaseInstanceEngine,
  DatabaseProxy,
  PostgresEngineVersion,
  ProxyTarget,
  StorageType,
} from "aws-cdk-lib/aws-rds";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { maxConnections, needsProxy } from "../stage/capacity.ts";
import type { Stage } from "../stage/stage.ts";
import { logGroup } from "./log-group.ts";
import type { Network } from "./network.ts";

export interface DatabaseProps {
  readonly stage: Stage;
  readonly network: Network;
}

const NAME = "mmms";
/** The login that owns the tables. */
const MASTER = "mmms";
/** The login that reads and writes rows. */
const ROLE = "mmms_service";

const PARAMETERS = {
  // The database refuses connections without TLS.
  "rds.force_ssl": "1",
  // Statements are logged without their values, and errors without rows, because they contain addresses.
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  log_error_verbosity: "terse",
  // A function that Lambda froze within a transaction must not keep its locks. The unit is milliseconds.
  idle_in_transaction_session_timeout: "60000",
};

/** The ledger: PostgreSQL on RDS in the data tier, with RDS Proxy in front of it if there are many functions. */
export class Database extends Construct {
  readonly instance: DatabaseInstance;
  readonly proxy?: DatabaseProxy;
  /** The secret of the master, for the migration only. RDS makes it and rotates it each week. */
  readonly masterSecret: ISecret;
  /**
   * The secret of the role that the functions and the proxy log in as. The migration sets this password for the role.
   */
  readonly roleSecret: Secret;
  /** The security group that admits connections to the instance. */
  readonly door: SecurityGroup;
  /** The host, port and database that the functions connect to. */
  readonly host: string;
  readonly port: string;
  readonly databaseName = NAME;

  constructor(scope: Construct, id: string, { stage, network }: DatabaseProps) {
    super(scope, id);
    const { database, disposable } = stage;
    // RDS writes to a log group of this name, and would itself make one without a retention period.
    const identifier = Stack.of(this).stackName.toLowerCase();
    const logs = logGroup(this, "Logs", stage.retention.logDays, `/aws/rds/instance/${identifier}/postgresql`);
    this.door = new SecurityGroup(this, "SecurityGroup", {
      vpc: network.vpc,
      description: "The database: nothing out",
      allowAllOutbound: false,
    });
    this.instance = new DatabaseInstance(this, "Instance", {
      instanceIdentifier: identifier,
      engine: DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.VER_17 }),
      instanceType: new InstanceType(database.instance),
      databaseName: NAME,
      credentials: Credentials.fromUsername(MASTER),
      manageMasterUserPassword: true,
      vpc: network.vpc,
      vpcSubnets: network.data,
      securityGroups: [this.door],
      publiclyAccessible: false,
      multiAz: database.standby,
      storageType: StorageType.GP3,
      storageEncrypted: true,
      allocatedStorage: database.storageGiB,
      maxAllocatedStorage: database.maxStorageGiB,
      caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
      parameters: { ...PARAMETERS, max_connections: String(maxConnections(stage)) },
      backupRetention: Duration.days(database.backupDays),
      copyTagsToSnapshot: true,
      deletionProtection: !disposable,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.SNAPSHOT,
      deleteAutomatedBackups: disposable,
      autoMinorVersionUpgrade: true,
      cloudwatchLogsExports: ["postgresql"],
      // Seven days are free.
      databaseInsightsMode: DatabaseInsightsMode.STANDARD,
      enablePerformanceInsights: true,
    });
    this.instance.node.addDependency(logs);
    if (this.instance.secret === undefined) throw new Error("RDS makes the secret");
    this.masterSecret = this.instance.secret;
    this.roleSecret = this.newRoleSecret();
    this.acknowledgeRules(disposable);

    if (needsProxy(stage)) this.proxy = this.newProxy(network);
    this.door.connections.allowFrom(network.migration, Port.POSTGRES, "from the migration");
    const door = this.proxy ? this.proxyGroup(this.proxy) : this.door;
    door.connections.allowFrom(network.functions, Port.POSTGRES, "from the functions");
    this.host = this.proxy?.endpoint ?? this.instance.dbInstanceEndpointAddress;
    this.port = this.proxy ? "5432" : this.instance.dbInstanceEndpointPort;
  }

  private newRoleSecret(): Secret {
    const secret = new Secret(this, "Role", {
      description: "MMMS: the login of the functions at the database",
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: ROLE }),
        generateStringKey: "password",
        passwordLength: 43,
        excludePunctuation: true,
      },
      // A database that is restored from a snapshot gets another one.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(
      secret,
      "43 random characters that the functions alone can read, and rows are all they open; docs/operations.md says how to replace them",
      "AwsSolutions-SMG4",
    );
    acknowledge(secret, "Encrypted by Secrets Manager's own key, which no other account can use", "CKV_AWS_149");
    return secret;
  }

  private newProxy(network: Network): DatabaseProxy {
    const group = new SecurityGroup(this, "ProxySecurityGroup", {
      vpc: network.vpc,
      description: "RDS Proxy: to the database alone",
      allowAllOutbound: false,
    });
    return new DatabaseProxy(this, "Proxy", {
      proxyTarget: ProxyTarget.fromInstance(this.instance),
      secrets: [this.roleSecret],
      vpc: network.vpc,
      vpcSubnets: network.data,
      securityGroups: [group],
      requireTLS: true,
      clientPasswordAuthType: ClientPasswordAuthType.POSTGRES_SCRAM_SHA_256,
      // The proxy waits for a connection no longer than a function's pool does.
      borrowTimeout: Duration.seconds(5),
      idleClientTimeout: Duration.minutes(10),
    });
  }

  private proxyGroup(proxy: DatabaseProxy): ISecurityGroup {
    const [group] = proxy.connections.securityGroups;
    if (group === undefined) throw new Error("the proxy has a security group");
    return group;
  }

  private acknowledgeRules(disposable: boolean): void {
    acknowledge(
      this.instance,
      "A port is no secret: who may connect is said by the security group",
      "AwsSolutions-RDS11",
    );
    acknowledge(
      this.instance,
      "The functions log in with a password of their own role; tokens of IAM would cost a signature for each connection",
      "CKV_AWS_161",
    );
    acknowledge(this.instance, "Only the major version is said: RDS takes its newest minor one", "W3691");
    acknowledge(this.instance, "Encrypted by RDS's own key: statements, without their values", "CKV_AWS_354");
    acknowledge(this.instance, "Database Insights' standard mode shows what enhanced monitoring would", "CKV_AWS_118");
    if (!disposable) return;
    const reason = "A stage to try things in: what it holds goes with the stack";
    acknowledge(this.instance, reason, "AwsSolutions-RDS10", "AwsSolutions-RDS3", "CKV_AWS_157", "CKV_AWS_293");
  }
}
