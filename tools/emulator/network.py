"""The network resources of CloudFormation that MiniStack lacks. They are records, as its others are: nothing flows."""

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

vpc_create = provisioners._ec2_vpc_create
vpc_update = provisioners._ec2_vpc_update


def extend():
    # SES's API is among the services that have endpoints.
    ec2._VPCE_INTERFACE_SERVICES += ("email",)
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::EC2::EIP"] = {"create": create_address, "delete": delete_address}
    handlers["AWS::EC2::NatGateway"] = {"create": create_nat_gateway, "delete": delete_nat_gateway}
    handlers["AWS::EC2::FlowLog"] = {"create": create_flow_log, "delete": delete_flow_log}
    handlers["AWS::EC2::SecurityGroupIngress"] = rule("IpPermissions")
    handlers["AWS::EC2::SecurityGroupEgress"] = rule("IpPermissionsEgress")
    handlers["AWS::EC2::VPC"].update(create=with_its_range(vpc_create), update=with_its_range(vpc_update))


def with_its_range(provision):
    def provision_vpc(*arguments):
        vpc, attributes = provision(*arguments)
        return vpc, attributes | {"CidrBlock": ec2._vpcs[vpc]["CidrBlock"]}

    return provision_vpc


def added(store, call, parameters):
    """What this call to the service made: its answer is XML, its store is not."""
    before = set(store.keys())
    call(parameters)
    (new,) = set(store.keys()) - before
    return new


def create_address(_, props, __):
    allocation = added(ec2._addresses, ec2._allocate_address, {"Domain": props.get("Domain", "vpc")})
    provisioners._ec2_apply_tags(allocation, props)
    address = ec2._addresses[allocation]["PublicIp"]
    return address, {"AllocationId": allocation, "PublicIp": address}


def delete_address(address, _):
    for allocation in [key for key, record in ec2._addresses.items() if record["PublicIp"] == address]:
        remove(ec2._addresses, allocation)


def create_nat_gateway(_, props, __):
    parameters = {name: props[name] for name in ("SubnetId", "AllocationId", "ConnectivityType") if name in props}
    gateway = added(ec2._nat_gateways, ec2._create_nat_gateway, parameters)
    provisioners._ec2_apply_tags(gateway, props)
    return gateway, {"NatGatewayId": gateway}


def delete_nat_gateway(gateway, _):
    remove(ec2._nat_gateways, gateway)


def create_flow_log(_, props, __):
    parameters = {"ResourceId.1": props["ResourceId"]}
    for name in ("ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName"):
        if name in props:
            parameters[name] = props[name]
    flow_log = added(ec2._flow_logs, ec2._create_flow_logs, parameters)
    provisioners._ec2_apply_tags(flow_log, props)
    return flow_log, {"Id": flow_log}


def delete_flow_log(flow_log, _):
    remove(ec2._flow_logs, flow_log)


def remove(store, key):
    store.pop(key, None)
    ec2._tags.pop(key, None)


def rule(direction):
    """A rule of a security group as a resource of its own."""

    def create(logical_id, props, _):
        group = ec2._security_groups.get(props["GroupId"])
        if group is None:
            raise ValueError(f"security group {props['GroupId']} does not exist")
        group[direction].extend(provisioners._ec2_sg_permissions([props]))
        return f"sgr-{logical_id}", {"Id": f"sgr-{logical_id}"}

    def delete(_, props):
        # A group that goes takes its rules with it.
        group = ec2._security_groups.get(props.get("GroupId"))
        for permission in provisioners._ec2_sg_permissions([props]):
            if group is not None and permission in group[direction]:
                group[direction].remove(permission)

    return {"create": create, "delete": delete}
