"""Programs that end with the emulator, also with one that is killed."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

# The kernel counts the thread that started a program as its parent, and MiniStack's threads come and go.
parent = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parent")


class Process(subprocess.Popen):
    """Gets this signal when the emulator has gone. The privileges are options of setpriv."""

    def __init__(self, command, *arguments, signal="KILL", privileges=(), **settings):
        if privileges or shutil.which("setpriv"):
            command = ["setpriv", *privileges, f"--pdeathsig={signal}", *command]
        parent.submit(super().__init__, command, *arguments, **settings).result()
