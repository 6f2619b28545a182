import { describe, expect, test } from "vitest";
import { Match, resource, resources, serving, template } from "./stack.ts";

const dev = template("dev");
const prod = template("prod");
const instance = (of: typeof dev) => resource(of, "AWS::RDS::DBInstance", "Database");

describe.each([
  ["dev", dev],
  ["prod", prod],
])("the database of %s", (_, of) => {
  test("is encrypted, private and backed up, and its minor versions come by themselves", () => {
    of.hasResourceProperties("AWS::RDS::DBInstance", {
      Engine: "postgres",
      StorageEncrypted: true,
      PubliclyAccessible: false,
      BackupRetentionPeriod: Match.anyValue(),
      AutoMinorVersionUpgrade: true,
    });
    expect(instance(of)[1].Properties.BackupRetentionPeriod).toBeGreaterThan(0);
  });

  test("refuses a connection without TLS", () => {
    const [group] = resource(of, "AWS::RDS::DBParameterGroup", "Database");
    of.hasResourceProperties("AWS::RDS::DBParameterGroup", { Parameters: Match.objectLike({ "rds.force_ssl": "1" }) });
    of.hasResourceProperties("AWS::RDS::DBInstance", { DBParameterGroupName: { Ref: group } });
  });

  test("logs no value of a statement, into a log group with a retention period", () => {
    of.hasResourceProperties("AWS::RDS::DBParameterGroup", {
      Parameters: Match.objectLike({
        log_parameter_max_length: "0",
        log_parameter_max_length_on_error: "0",
        log_error_verbosity: "terse",
      }),
    });
    const { DBInstanceIdentifier } = instance(of)[1].Properties;
    of.hasResourceProperties("AWS::Logs::LogGroup", {
      LogGroupName: `/aws/rds/instance/${DBInstanceIdentifier}/postgresql`,
      RetentionInDays: Match.anyValue(),
    });
  });

  test("has a login that RDS makes and rotates, and that no template holds", () => {
    const { Properties } = instance(of)[1];
    expect(Properties.ManageMasterUserPassword).toBe(true);
    expect(Properties.MasterUserPassword).toBeUndefined();
  });

  test("is the one that the functions connect to", () => {
    const [id] = instance(of);
    const proxy = Object.keys(of.findResources("AWS::RDS::DBProxy"))[0];
    const [role] = resource(of, "AWS::SecretsManager::Secret", "DatabaseRole");
    serving(of).allResourcesProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: Match.objectLike({
          SECRET_NAME: { Ref: role },
          DB_MIGRATE: "false",
          DB_NAME: "mmms",
          DB_HOST: { "Fn::GetAtt": proxy ? [proxy, "Endpoint"] : [id, "Endpoint.Address"] },
          // Without this variable the certificate and the host name are checked.
          DB_SSLMODE: Match.absent(),
        }),
      },
    });
  });

  test("has a role for the functions, with a generated password", () => {
    const [, { Properties }] = resource(of, "AWS::SecretsManager::Secret", "DatabaseRole");
    expect(Properties.GenerateSecretString).toEqual({
      SecretStringTemplate: '{"username":"mmms_service"}',
      GenerateStringKey: "password",
      PasswordLength: 43,
      ExcludePunctuation: true,
    });
    expect(instance(of)[1].Properties.MasterUsername).not.toBe("mmms_service");
  });

  test("is migrated as the master, past any proxy, and by nothing else that knows the master", () => {
    const [id] = instance(of);
    const master = { "Fn::GetAtt": [id, "MasterUserSecret.SecretArn"] };
    const [role] = resource(of, "AWS::SecretsManager::Secret", "DatabaseRole");
    const [, { Properties }] = resource(of, "AWS::Lambda::Function", "Migration");
    expect(Properties.Environment.Variables).toEqual({
      SECRET_NAME: master,
      DB_ROLE_SECRET_NAME: { Ref: role },
      DB_NAME: "mmms",
      DB_HOST: { "Fn::GetAtt": [id, "Endpoint.Address"] },
      DB_PORT: { "Fn::GetAtt": [id, "Endpoint.Port"] },
    });
    const who = Object.entries(of.toJSON().Resources)
      .filter(([, resource]) => JSON.stringify(resource).includes("MasterUserSecret.SecretArn"))
      .map(([name]) => name.replace(/[0-9A-F]{8}$/, ""));
    expect(who.sort()).toEqual(["MigrationServiceFunction", "MigrationServiceRole"]);
  });

  test("is migrated after it can be reached, and before any function uses it", () => {
    const before = reached(of, resource(of, "Custom::Trigger", "Migration")[0]);
    const [instanceId] = instance(of);
    const needed = [
      instanceId,
      ...Object.keys(resources(of, "AWS::EC2::VPCEndpoint")),
      ...Object.entries({
        ...resources(of, "AWS::EC2::SecurityGroupIngress"),
        ...resources(of, "AWS::EC2::SecurityGroupEgress"),
      })
        .filter(([, { Properties }]) => JSON.stringify(Properties).includes("NetworkMigration"))
        .map(([rule]) => rule),
    ];
    expect(needed.length).toBe(8);
    for (const one of needed) expect(before).toContain(one);
    const [trigger] = resource(of, "Custom::Trigger", "Migration");
    const later = [
      "AWS::RDS::DBProxy",
      "AWS::RDS::DBProxyTargetGroup",
      "AWS::Lambda::EventSourceMapping",
      "AWS::Scheduler::Schedule",
      "AWS::ApiGatewayV2::Route",
    ]
      .flatMap((type) => Object.keys(resources(of, type)))
      // The function that posts to webhooks knows no database.
      .filter((id) => !id.startsWith("Poster"));
    for (const one of [...later, ...Object.keys(serving(of).toJSON().Resources)]) {
      expect(reached(of, one), one).toContain(trigger);
    }
  });

  test("is migrated again by each deployment with another program", () => {
    const [, { Properties }] = resource(of, "Custom::Trigger", "Migration");
    const [version, { Properties: published }] = resource(of, "AWS::Lambda::Version", "Migration");
    expect(Properties).toMatchObject({ HandlerArn: { Ref: version }, ExecuteOnHandlerChange: true });
    expect(published.FunctionName).toEqual({ Ref: resource(of, "AWS::Lambda::Function", "Migration")[0] });
  });
});

/** The resources that have to exist before this one: named in DependsOn or referred to, and theirs. */
function reached(of: typeof dev, from: string): Set<string> {
  const all: Record<string, { DependsOn?: string | string[] }> = of.toJSON().Resources;
  const seen = new Set<string>();
  const visit = (id: string) => {
    const text = JSON.stringify(all[id]);
    const referred = [...text.matchAll(/"(?:Ref":"|Fn::GetAtt":\[")([A-Za-z0-9]+)"/g)].map(([, name = ""]) => name);
    for (const next of [...[all[id]?.DependsOn ?? []].flat(), ...referred]) {
      if (!(next in all) || seen.has(next)) continue;
      seen.add(next);
      visit(next);
    }
  };
  visit(from);
  return seen;
}

test("prod has a standby, and neither a mistake nor the removal of the stack deletes its data", () => {
  const [, { Properties, DeletionPolicy }] = instance(prod);
  expect(Properties).toMatchObject({ MultiAZ: true, DeletionProtection: true, DeleteAutomatedBackups: false });
  expect(DeletionPolicy).toBe("Snapshot");
});

test("dev is removed completely", () => {
  const [, { Properties, DeletionPolicy }] = instance(dev);
  expect(Properties).toMatchObject({ MultiAZ: false, DeletionProtection: false, DeleteAutomatedBackups: true });
  expect(DeletionPolicy).toBe("Delete");
});

describe("RDS Proxy", () => {
  test("is in front of prod's database, requires TLS and knows the login of the functions alone", () => {
    const [id] = instance(prod);
    const [role] = resource(prod, "AWS::SecretsManager::Secret", "DatabaseRole");
    prod.hasResourceProperties("AWS::RDS::DBProxy", {
      RequireTLS: true,
      Auth: [Match.objectLike({ SecretArn: { Ref: role }, IAMAuth: "DISABLED" })],
    });
    prod.hasResourceProperties("AWS::RDS::DBProxyTargetGroup", { DBInstanceIdentifiers: [{ Ref: id }] });
  });

  test("is left out if the connections suffice", () => {
    dev.resourceCountIs("AWS::RDS::DBProxy", 0);
    template("prod", { databaseInstance: "m7g.large" }).resourceCountIs("AWS::RDS::DBProxy", 0);
  });
});
