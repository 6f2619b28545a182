import { Stack } from "aws-cdk-lib";
import {
  FlowLogDestination,
  FlowLogTrafficType,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { AnyPrincipal, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct, type IConstruct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { ExistingNetwork, NewNetwork } from "../stage/stage.ts";
import { logGroup } from "./log-group.ts";

export interface NetworkProps {
  readonly network: NewNetwork | ExistingNetwork;
  readonly logDays: number;
}

/** The names of the tiers, which are the subnets' groups. */
const TIER = { public: "public", application: "application", data: "data" } as const;

/** The services that the functions call. SES's API is `email`; `email-smtp` is another service. */
const SERVICES = {
  Sqs: InterfaceVpcEndpointAwsService.SQS,
  Ses: InterfaceVpcEndpointAwsService.EMAIL,
  SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
};

/**
 * Three tiers: public, without any program; application, with the functions; data, with the database and no route out.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly application: SubnetSelection;
  readonly data: SubnetSelection;
  /** The security group of both functions: to the database and to AWS, nothing in. */
  readonly functions: ISecurityGroup;
  /** The security group of the migration. The functions' group does not reach the database behind a proxy. */
  readonly migration: ISecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const { network } = props;
    if (network.kind === "existing") {
      this.vpc = Vpc.fromVpcAttributes(this, "Vpc", {
        vpcId: network.vpcId,
        availabilityZones: [...network.availabilityZones],
        privateSubnetIds: [...network.applicationSubnetIds],
        privateSubnetNames: [TIER.application],
        isolatedSubnetIds: [...network.dataSubnetIds],
        isolatedSubnetNames: [TIER.data],
      });
      acknowledge(
        this.vpc,
        "No route is added to a VPC that the stack does not own",
        "Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId",
      );
    } else {
      this.vpc = this.newVpc(network, props.logDays);
    }
    this.application = { subnetGroupName: TIER.application };
    this.data = { subnetGroupName: TIER.data };
    this.functions = this.group("Functions", "The functions: to the database and to AWS, nothing in");
    this.migration = this.group("Migration", "The migration: to the database and to Secrets Manager, nothing in");
    if (network.kind === "new" && network.exit === "endpoints") {
      this.endpoints(network.exitZones);
    } else {
      this.functions.addEgressRule(Peer.anyIpv4(), Port.HTTPS, "SQS, SES and Secrets Manager");
      this.migration.addEgressRule(Peer.anyIpv4(), Port.HTTPS, "Secrets Manager");
    }
  }

  private group(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }

  private newVpc(network: NewNetwork, logDays: number): Vpc {
    const nat = network.exit === "nat";
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr(network.cidr),
      ...(network.availabilityZones
        ? { availabilityZones: [...network.availabilityZones] }
        : { maxAzs: network.zones }),
      natGateways: nat ? network.exitZones : 0,
      // No resource is in the default group, and closing it would take a function of its own.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: TIER.public, subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: TIER.application, subnetType: nat ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED },
        { name: TIER.data, subnetType: SubnetType.PRIVATE_ISOLATED },
      ],
    });
    vpc.addFlowLog("Refused", {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup(this, "FlowLogs", logDays)),
      // Logging accepted connections would cost as much as the traffic; refused connections are the ones to look for.
      trafficType: FlowLogTrafficType.REJECT,
    });
    return vpc;
  }

  private endpoints(zones: number): void {
    const group = this.group("Endpoints", "The endpoints of AWS: from the functions alone");
    group.connections.allowFrom(this.functions, Port.HTTPS, "from the functions");
    group.connections.allowFrom(this.migration, Port.HTTPS, "from the migration");
    const subnets = this.vpc.selectSubnets(this.application).subnets.slice(0, zones);
    for (const [name, service] of Object.entries(SERVICES)) {
      const endpoint = this.vpc.addInterfaceEndpoint(name, {
        service,
        subnets: { subnets },
        securityGroups: [group],
        open: false,
      });
      endpoint.addToPolicy(ofThisAccount(this));
    }
  }
}

/** A program in the network may use only this account's credentials, so that it cannot send data to another account. */
function ofThisAccount(scope: IConstruct): PolicyStatement {
  return new PolicyStatement({
    sid: "ThisAccount",
    principals: [new AnyPrincipal()],
    actions: ["*"],
    resources: ["*"],
    conditions: { StringEquals: { "aws:PrincipalAccount": Stack.of(scope).account } },
  });
}
