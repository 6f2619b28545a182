"""Lambda functions, as processes of this machine."""

import os
import types

from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from . import worker_threads
from .certificates import AUTHORITY
from .processes import Process

# What a program needs of its machine. The rest of the emulator's own environment is not the function's.
OF_THE_MACHINE = ("PATH", "LANG", "TZ", "TMPDIR")

environment = lambda_svc._provided_worker_env
delete = provisioners._lambda_delete
kill = lambda_runtime.kill_workers
release = lambda_svc.release_worker


def extend():
    lambda_svc._provided_worker_env = environment_of_function
    lambda_runtime.kill_workers = kill_when_done
    lambda_svc.release_worker = release_for_good
    lambda_runtime.subprocess = types.SimpleNamespace(**vars(lambda_runtime.subprocess) | {"Popen": Process})
    provisioners._lambda_delete = delete_with_processes
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]["delete"] = delete_with_processes
    worker_threads.add("AWS::Lambda::Function")


def environment_of_function(config, code_dir, port):
    declared = lambda_svc._runtime_env_vars(config)
    given = environment(config, code_dir, port)
    own = {name: value for name, value in given.items() if name in declared or os.environ.get(name) != value}
    own |= {name: os.environ[name] for name in (*OF_THE_MACHINE, "AWS_ENDPOINT_URL") if name in os.environ}
    own["AWS_LAMBDA_LOG_GROUP_NAME"] = config["LoggingConfig"]["LogGroup"]
    # By it the emulator knows whose permissions to look at (permissions.py).
    own["AWS_SESSION_TOKEN"] = config["Role"]
    # Stands for the certificates of RDS, that programs carry with them.
    own.setdefault("DB_SSLROOTCERT", AUTHORITY)
    return own


def delete_with_processes(physical_id, props):
    """MiniStack lets the processes of a function live on when a stack deletes it."""
    delete(physical_id, props)
    lambda_svc.invalidate_worker(physical_id, account=get_account_id(), region=get_region())


def kill_when_done(instances):
    """What an instance has begun it finishes, also when its function is changed or deleted meanwhile."""
    with lambda_runtime._lock:
        busy = [instance for instance in instances if instance is not None and instance.in_use]
        for instance in busy:
            instance.is_of_the_past = True
    kill([instance for instance in instances if instance not in busy])


def release_for_good(instance):
    release(instance)
    if getattr(instance, "is_of_the_past", False):
        kill([instance])
