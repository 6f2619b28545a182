"""AWS::SecretsManager::Secret as AWS has it: known by its ARN, named LOGICALID-RANDOM, generated as it was asked for."""

import json
import random
import string

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

secret_create = provisioners._sm_secret_create
secret_update = provisioners._sm_secret_update
secret_delete = provisioners._sm_secret_delete


def extend():
    provisioners._sm_secret_string = content
    provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"].update(create=create, update=update, delete=delete)


def create(logical_id, props, stack_name):
    suffix = "".join(random.choices(string.ascii_letters + string.digits, k=12))
    _, attributes = secret_create(logical_id, {"Name": f"{logical_id}-{suffix}"} | props, stack_name)
    return attributes["Id"], attributes


def update(arn, old_props, new_props, stack_name, logical_id=None):
    name = name_of(arn)
    named = [{"Name": name} | props for props in (old_props, new_props)]
    _, attributes = secret_update(name, *named, stack_name, logical_id)
    return attributes["Id"], attributes


def delete(arn, props):
    secret_delete(name_of(arn), props)


def name_of(arn):
    name, _ = secretsmanager._resolve(arn)
    return name


def content(props):
    wanted = props.get("GenerateSecretString")
    if props.get("SecretString") or not wanted:
        return props.get("SecretString", "")
    status, _, answer = secretsmanager._get_random_password(wanted)
    if status != 200:
        raise ValueError(answer.decode())
    generated = json.loads(answer)["RandomPassword"]
    if "SecretStringTemplate" not in wanted:
        return generated
    return json.dumps(json.loads(wanted["SecretStringTemplate"]) | {wanted["GenerateStringKey"]: generated})
