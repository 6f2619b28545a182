"""Resources of CloudFormation that take their time: other requests do not wait for them."""

from ministack.services.cloudformation import stacks

types: set[str] = set()
runs_on_worker_thread = stacks._runs_on_worker_thread


def add(resource_type):
    types.add(resource_type)
    stacks._runs_on_worker_thread = lambda asked: asked in types or runs_on_worker_thread(asked)
