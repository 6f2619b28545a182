import { describe, expect, test } from "vitest";
import { Match, ours, resource, resources, serving, template } from "./stack.ts";

const dev = template("dev");
const prod = template("prod");

function subnets(of: typeof dev): string[] {
  return Object.keys(resources(of, "AWS::EC2::Subnet")).map((id) =>
    id.replace("NetworkVpc", "").replace(/Subnet\d.*/, ""),
  );
}

describe.each([
  ["dev", dev],
  ["prod", prod],
])("the network of %s", (_, of) => {
  test("has three tiers in two zones, and gives no instance a public address", () => {
    expect(subnets(of).sort()).toEqual(["application", "application", "data", "data", "public", "public"]);
    of.allResourcesProperties("AWS::EC2::Subnet", { MapPublicIpOnLaunch: false });
  });

  test("has no way out of the data tier, nor of the application tier", () => {
    const routes = Object.values(resources(of, "AWS::EC2::Route"));
    expect(routes.length).toBe(2);
    for (const { Properties } of routes) expect(Properties.RouteTableId.Ref).toMatch(/^NetworkVpcpublicSubnet/);
    of.resourceCountIs("AWS::EC2::NatGateway", 0);
  });

  test("reaches SQS, SES's API and Secrets Manager by endpoints with private names", () => {
    const endpoints = Object.values(resources(of, "AWS::EC2::VPCEndpoint")).map(({ Properties }) => Properties);
    const services = endpoints.map(({ ServiceName }) => ServiceName["Fn::Join"][1].at(-1)).sort();
    expect(services).toEqual([".email", ".secretsmanager", ".sqs"]);
    for (const endpoint of endpoints)
      expect(endpoint).toMatchObject({ VpcEndpointType: "Interface", PrivateDnsEnabled: true });
  });

  test("lets no credentials of another account through an endpoint", () => {
    for (const { Properties } of Object.values(resources(of, "AWS::EC2::VPCEndpoint"))) {
      expect(Properties.PolicyDocument.Statement).toEqual([
        expect.objectContaining({
          Effect: "Allow",
          Principal: { AWS: "*" },
          Condition: { StringEquals: { "aws:PrincipalAccount": { Ref: "AWS::AccountId" } } },
        }),
      ]);
    }
  });

  test("logs refused connections", () => {
    of.hasResourceProperties("AWS::EC2::FlowLog", { TrafficType: "REJECT", LogDestinationType: "cloud-watch-logs" });
  });
});

test("endpoints stand in one zone of dev and in both of prod", () => {
  const zones = (of: typeof dev) =>
    Object.values(resources(of, "AWS::EC2::VPCEndpoint")).map(({ Properties }) => Properties.SubnetIds.length);
  expect(zones(dev)).toEqual([1, 1, 1]);
  expect(zones(prod)).toEqual([2, 2, 2]);
});

test("the zones of a new network can be chosen, for SES's endpoint is not in all of them", () => {
  const chosen = template("prod", { availabilityZones: "us-east-1b,us-east-1c" });
  const zones = Object.values(resources(chosen, "AWS::EC2::Subnet")).map(
    ({ Properties }) => Properties.AvailabilityZone,
  );
  expect(zones.sort()).toEqual([...Array(3).fill("us-east-1b"), ...Array(3).fill("us-east-1c")]);
  const three = template("prod", { availabilityZones: ["us-east-1a", "us-east-1b", "us-east-1c"], exitZones: 3 });
  for (const { Properties } of Object.values(resources(three, "AWS::EC2::VPCEndpoint"))) {
    expect(Properties.SubnetIds.length).toBe(3);
  }
});

/** The permitted connections: the rules between groups, and every range of addresses that a rule names. */
function rules(of: typeof dev) {
  const short = (id: string) => id.replace(/[0-9A-F]{8}$/, "");
  const group = (reference: { "Fn::GetAtt": [string] }) => short(reference["Fn::GetAtt"][0]);
  const ways = Object.values(resources(of, "AWS::EC2::SecurityGroupIngress")).map(
    ({ Properties: { SourceSecurityGroupId, GroupId, FromPort, ToPort } }) => {
      // RDS Proxy's own rule names the port that the instance will have.
      const port = typeof FromPort === "number" ? FromPort : "database";
      expect(ToPort).toEqual(FromPort);
      return `${group(SourceSecurityGroupId)} to ${group(GroupId)} at ${port}`;
    },
  );
  const ranges = Object.entries(resources(of, "AWS::EC2::SecurityGroup")).flatMap(([id, { Properties }]) =>
    [...(Properties.SecurityGroupIngress ?? []), ...(Properties.SecurityGroupEgress ?? [])].map(
      ({ CidrIp, FromPort }: { CidrIp: string; FromPort: number }) => `${short(id)}: ${CidrIp} at ${FromPort}`,
    ),
  );
  return { ways: ways.sort(), ranges: ranges.filter((range) => !range.includes("255.255.255.255/32")) };
}

describe("security groups", () => {
  test("let the functions to the database and the endpoints, and nothing else to anything", () => {
    expect(rules(dev)).toEqual({
      ways: [
        "NetworkFunctions to DatabaseSecurityGroup at 5432",
        "NetworkFunctions to NetworkEndpoints at 443",
        "NetworkMigration to DatabaseSecurityGroup at 5432",
        "NetworkMigration to NetworkEndpoints at 443",
      ],
      ranges: [],
    });
  });

  test("put the proxy between the functions and the database", () => {
    expect(rules(prod)).toEqual({
      ways: [
        "DatabaseProxySecurityGroup to DatabaseSecurityGroup at database",
        "NetworkFunctions to DatabaseProxySecurityGroup at 5432",
        "NetworkFunctions to NetworkEndpoints at 443",
        "NetworkMigration to DatabaseSecurityGroup at 5432",
        "NetworkMigration to NetworkEndpoints at 443",
      ],
      ranges: [],
    });
  });

  // CloudFormation removes EC2's rule that allows all egress if another rule is added.
  test("have an egress rule for each ingress rule", () => {
    for (const of of [dev, prod]) {
      const ways = (type: string) => Object.keys(resources(of, type)).length;
      expect(ways("AWS::EC2::SecurityGroupEgress")).toBe(ways("AWS::EC2::SecurityGroupIngress"));
    }
  });

  test("are the only ones that the functions and the database have", () => {
    for (const of of [dev, prod]) {
      const [functions] = resource(of, "AWS::EC2::SecurityGroup", "NetworkFunctions");
      serving(of).allResourcesProperties("AWS::Lambda::Function", {
        VpcConfig: { SecurityGroupIds: [{ "Fn::GetAtt": [functions, "GroupId"] }] },
      });
      const [migration] = resource(of, "AWS::EC2::SecurityGroup", "NetworkMigration");
      expect(resource(of, "AWS::Lambda::Function", "Migration")[1].Properties.VpcConfig.SecurityGroupIds).toEqual([
        { "Fn::GetAtt": [migration, "GroupId"] },
      ]);
      const [database] = resource(of, "AWS::EC2::SecurityGroup", "DatabaseSecurityGroup");
      of.hasResourceProperties("AWS::RDS::DBInstance", {
        VPCSecurityGroups: [{ "Fn::GetAtt": [database, "GroupId"] }],
      });
    }
  });
});

describe("functions and database", () => {
  test("stand in their tiers", () => {
    for (const of of [dev, prod]) {
      const application = Match.arrayWith([{ Ref: Match.stringLikeRegexp("NetworkVpcapplicationSubnet") }]);
      ours(of).allResourcesProperties("AWS::Lambda::Function", { VpcConfig: { SubnetIds: application } });
      const [, group] = resource(of, "AWS::RDS::DBSubnetGroup", "Database");
      for (const { Ref } of group.Properties.SubnetIds) expect(Ref).toMatch(/^NetworkVpcdataSubnet/);
      expect(group.Properties.SubnetIds.length).toBe(2);
    }
  });
});

describe("a way out by NAT", () => {
  const nat = template("prod", { exit: "nat" });

  test("stands in each zone, for the application tier alone", () => {
    nat.resourceCountIs("AWS::EC2::NatGateway", 2);
    nat.resourceCountIs("AWS::EC2::VPCEndpoint", 0);
    const tables = Object.values(resources(nat, "AWS::EC2::Route")).map(
      ({ Properties }) => Properties.RouteTableId.Ref,
    );
    expect(tables.filter((table) => table.startsWith("NetworkVpcapplication")).length).toBe(2);
    expect(tables.filter((table) => table.startsWith("NetworkVpcdata"))).toEqual([]);
  });

  test("lets the functions out by HTTPS only", () => {
    expect(rules(nat).ranges).toEqual(["NetworkFunctions: 0.0.0.0/0 at 443", "NetworkMigration: 0.0.0.0/0 at 443"]);
  });
});

test("an existing VPC is used as it is", () => {
  const existing = template("prod", {
    vpcId: "vpc-00000001",
    availabilityZones: ["eu-central-1a", "eu-central-1b"],
    applicationSubnetIds: ["subnet-00000001", "subnet-00000002"],
    dataSubnetIds: ["subnet-00000003", "subnet-00000004"],
  });
  for (const type of ["VPC", "Subnet", "NatGateway", "VPCEndpoint", "FlowLog"])
    existing.resourceCountIs(`AWS::EC2::${type}`, 0);
  ours(existing).allResourcesProperties("AWS::Lambda::Function", {
    VpcConfig: { SubnetIds: ["subnet-00000001", "subnet-00000002"] },
  });
  existing.hasResourceProperties("AWS::RDS::DBSubnetGroup", { SubnetIds: ["subnet-00000003", "subnet-00000004"] });
});
