import { describe, expect, test } from "vitest";
import { Match, resource, template } from "./stack.ts";

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

  test("logs no value of a statement, and into a group that forgets", () => {
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

  test("is what the functions are told of", () => {
    const [id] = instance(of);
    const proxy = Object.keys(of.findResources("AWS::RDS::DBProxy"))[0];
    of.allResourcesProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: Match.objectLike({
          SECRET_NAME: { "Fn::GetAtt": [id, "MasterUserSecret.SecretArn"] },
          DB_NAME: "mmms",
          DB_HOST: { "Fn::GetAtt": proxy ? [proxy, "Endpoint"] : [id, "Endpoint.Address"] },
          // Not said: the certificate is then checked, and the name.
          DB_SSLMODE: Match.absent(),
        }),
      },
    });
  });
});

test("prod has a standby, and neither a slip nor the stack's end takes what it holds", () => {
  const [, { Properties, DeletionPolicy }] = instance(prod);
  expect(Properties).toMatchObject({ MultiAZ: true, DeletionProtection: true, DeleteAutomatedBackups: false });
  expect(DeletionPolicy).toBe("Snapshot");
});

test("dev goes without a trace", () => {
  const [, { Properties, DeletionPolicy }] = instance(dev);
  expect(Properties).toMatchObject({ MultiAZ: false, DeletionProtection: false, DeleteAutomatedBackups: true });
  expect(DeletionPolicy).toBe("Delete");
});

describe("RDS Proxy", () => {
  test("stands before prod's database, wants TLS and knows the same login", () => {
    const [id] = instance(prod);
    prod.hasResourceProperties("AWS::RDS::DBProxy", {
      RequireTLS: true,
      Auth: [
        Match.objectLike({ SecretArn: { "Fn::GetAtt": [id, "MasterUserSecret.SecretArn"] }, IAMAuth: "DISABLED" }),
      ],
    });
    prod.hasResourceProperties("AWS::RDS::DBProxyTargetGroup", { DBInstanceIdentifiers: [{ Ref: id }] });
  });

  test("is not paid for where the connections do without", () => {
    dev.resourceCountIs("AWS::RDS::DBProxy", 0);
    template("prod", { databaseInstance: "m7g.large" }).resourceCountIs("AWS::RDS::DBProxy", 0);
  });
});
