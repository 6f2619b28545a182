//! An inventory of an account, of every kind of resource that a stack may create.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;

use super::Account;

/// The names or ids of the resources, by kind.
pub type Inventory = BTreeMap<&'static str, BTreeSet<String>>;

/// The request for a list of resources.
enum Ask {
    /// `Action=…`, answered in XML: the service, the version of its API, the action.
    Query(&'static str, &'static str, &'static str),
    /// `X-Amz-Target`: the service, the target.
    Json(&'static str, &'static str),
    /// The service, the path.
    Rest(&'static str, &'static str),
}
use Ask::{Json, Query, Rest};

const EC2: &str = "2016-11-15";
const IAM: &str = "2010-05-08";
const RDS: &str = "2014-10-31";
const SNS: &str = "2010-03-31";
const CLOUDWATCH: &str = "2010-08-01";

/// The requests, each with the element or field of its answer that holds a name or an id.
const KINDS: [(Ask, &str); 40] = [
    (Query("ec2", EC2, "DescribeVpcs"), "vpcId"),
    (Query("ec2", EC2, "DescribeSubnets"), "subnetId"),
    (Query("ec2", EC2, "DescribeRouteTables"), "routeTableId"),
    (
        Query("ec2", EC2, "DescribeInternetGateways"),
        "internetGatewayId",
    ),
    (Query("ec2", EC2, "DescribeNatGateways"), "natGatewayId"),
    (Query("ec2", EC2, "DescribeAddresses"), "allocationId"),
    (Query("ec2", EC2, "DescribeVpcEndpoints"), "vpcEndpointId"),
    (Query("ec2", EC2, "DescribeSecurityGroups"), "groupId"),
    (Query("ec2", EC2, "DescribeNetworkAcls"), "networkAclId"),
    (
        Query("ec2", EC2, "DescribeNetworkInterfaces"),
        "networkInterfaceId",
    ),
    (Query("ec2", EC2, "DescribeFlowLogs"), "flowLogId"),
    (Query("iam", IAM, "ListRoles"), "RoleName"),
    (Query("iam", IAM, "ListUsers"), "UserName"),
    (
        Query("iam", IAM, "ListInstanceProfiles"),
        "InstanceProfileName",
    ),
    (
        Query("rds", RDS, "DescribeDBInstances"),
        "DBInstanceIdentifier",
    ),
    (
        Query("rds", RDS, "DescribeDBSnapshots"),
        "DBSnapshotIdentifier",
    ),
    (
        Query("rds", RDS, "DescribeDBSubnetGroups"),
        "DBSubnetGroupName",
    ),
    (
        Query("rds", RDS, "DescribeDBParameterGroups"),
        "DBParameterGroupName",
    ),
    (Query("sns", SNS, "ListTopics"), "TopicArn"),
    (Query("sns", SNS, "ListSubscriptions"), "SubscriptionArn"),
    (
        Query("monitoring", CLOUDWATCH, "DescribeAlarms"),
        "AlarmName",
    ),
    (
        Query("monitoring", CLOUDWATCH, "ListDashboards"),
        "DashboardName",
    ),
    (
        Query("cloudformation", "2010-05-15", "DescribeStacks"),
        "StackName",
    ),
    (Json("sqs", "AmazonSQS.ListQueues"), "QueueUrls"),
    (Json("secretsmanager", "secretsmanager.ListSecrets"), "Name"),
    (
        Json("logs", "Logs_20140328.DescribeLogGroups"),
        "logGroupName",
    ),
    (
        Json("logs", "Logs_20140328.DescribeMetricFilters"),
        "filterName",
    ),
    (Json("events", "AWSEvents.ListRules"), "Name"),
    (Json("ssm", "AmazonSSM.DescribeParameters"), "Name"),
    (Json("kms", "TrentService.ListKeys"), "KeyId"),
    (
        Json(
            "ecr",
            "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
        ),
        "repositoryName",
    ),
    (Rest("lambda", "/2015-03-31/functions/"), "FunctionName"),
    (Rest("lambda", "/2015-03-31/event-source-mappings/"), "UUID"),
    (Rest("lambda", "/2018-10-31/layers"), "LayerName"),
    (Rest("scheduler", "/schedules"), "Name"),
    (Rest("apigateway", "/v2/apis"), "apiId"),
    (Rest("apigateway", "/v2/domainnames"), "domainName"),
    (Rest("ses", "/v2/email/identities"), "IdentityName"),
    (
        Rest("ses", "/v2/email/configuration-sets"),
        "ConfigurationSets",
    ),
    (Rest("s3", "/"), "Name"),
];

impl Account {
    pub async fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::new();
        for (ask, field) in &KINDS {
            let (name, answer) = match ask {
                Query(service, version, action) => {
                    (*action, self.query(service, version, action).await)
                }
                Json(service, target) => (
                    *target,
                    self.json(service, target, &Value::Object(serde_json::Map::new()))
                        .await,
                ),
                Rest(service, path) => (*path, self.rest(Method::GET, service, path, None).await),
            };
            inventory.insert(name, named(&answer, field));
        }
        inventory
    }
}

/// Returns the resources that are only in `after`, by kind; kinds without any are omitted.
pub fn added(before: &Inventory, after: &Inventory) -> Inventory {
    let more = after.iter().map(|(kind, names)| {
        let names = names.difference(&before[kind]).cloned().collect();
        (*kind, names)
    });
    more.filter(|(_, names): &(_, BTreeSet<String>)| !names.is_empty())
        .collect()
}

/// Returns the texts of all elements or fields with this name.
fn named(answer: &str, name: &str) -> BTreeSet<String> {
    if let Ok(answer) = serde_json::from_str::<Value>(answer) {
        let mut found = BTreeSet::new();
        collect(&answer, name, &mut found);
        return found;
    }
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let elements = answer.split(&open).skip(1);
    elements
        .filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned()))
        .collect()
}

fn collect(json: &Value, name: &str, found: &mut BTreeSet<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, found)),
        Value::Object(fields) => {
            for (field, value) in fields {
                let texts = value
                    .as_array()
                    .cloned()
                    .unwrap_or_else(|| vec![value.clone()]);
                if field == name {
                    found.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                collect(value, name, found);
            }
        }
        _ => {}
    }
}
