"""AWS::RDS::DBInstance with PostgreSQL behind it. MiniStack alone keeps a record of it, or wants Docker."""

import atexit
import json
import secrets
import uuid

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds, secretsmanager
from ministack.services.cloudformation import provisioners

from . import worker_threads
from .postgres import HOST, Server

servers: dict[tuple[str, str, str], Server] = {}
create_record = provisioners._rds_db_instance_create
delete_record = provisioners._rds_db_instance_delete
attributes_of_record = provisioners._rds_db_instance_attrs


def extend():
    # The module's own names too: an update that replaces the instance calls them.
    provisioners._rds_db_instance_create = create
    provisioners._rds_db_instance_delete = delete
    provisioners._rds_db_instance_attrs = attributes
    provisioners._RESOURCE_HANDLERS["AWS::RDS::DBInstance"].update(create=create, delete=delete)
    worker_threads.add("AWS::RDS::DBInstance")
    atexit.register(stop_all)


def create(logical_id, props, stack_name):
    if props.get("Engine") != "postgres":
        return create_record(logical_id, props, stack_name)
    managed = str(props.get("ManageMasterUserPassword", "")).lower() == "true"
    password = secrets.token_urlsafe(24) if managed else props["MasterUserPassword"]
    identifier, _ = create_record(logical_id, props | {"MasterUserPassword": password}, stack_name)
    instance = rds._instances[identifier]
    try:
        server = Server(instance["MasterUsername"], password, props.get("DBName"))
    except BaseException:
        delete_record(identifier, props)
        raise
    servers[key(identifier)] = server
    instance["Endpoint"] |= {"Address": HOST, "Port": server.port}
    if managed:
        instance["MasterUserSecret"] = keep_secret(instance["MasterUsername"], password)
    return identifier, attributes(instance)


def delete(identifier, props):
    instance = rds._instances.get(identifier) or {}
    delete_record(identifier, props)
    if server := servers.pop(key(identifier), None):
        server.remove()
    if secret := instance.get("MasterUserSecret"):
        forget = {"SecretId": secret["SecretArn"], "ForceDeleteWithoutRecovery": True}
        secretsmanager._delete_secret(forget)


def attributes(instance):
    managed = instance.get("MasterUserSecret")
    return attributes_of_record(instance) | ({"MasterUserSecret.SecretArn": managed["SecretArn"]} if managed else {})


def keep_secret(username, password):
    """A secret that RDS manages holds no address, unlike the ones that people make."""
    content = {"username": username, "password": password}
    request = {"Name": f"rds!db-{uuid.uuid4()}", "SecretString": json.dumps(content)}
    _, _, answer = secretsmanager._create_secret(request)
    return {"SecretArn": json.loads(answer)["ARN"], "SecretStatus": "active", "KmsKeyId": "alias/aws/secretsmanager"}


def key(identifier):
    return get_account_id(), get_region(), identifier


def stop_all():
    while servers:
        servers.popitem()[1].remove()
