"""Try the acts that student code must not do, and tell which ones worked.

Runs in a confined worker without student code: what the isolation line says was tried, not assumed. No act does
harm where it works: files are new and removed at once, signals are number 0, and several calls get an argument
for which the kernel, once reached, answers with another error than "not permitted".
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import partial

from . import attempts
from .attempts import Elsewhere
from .scratch import FILES

#: Short name -> the attempts behind it. One that works is enough.
ACTS: dict[str, list[Callable[[], None]]] = {
    "read files": [attempts.read_a_system_file, attempts.read_site_packages],
    "watch files": [attempts.watch_files],
    "create files": [attempts.create_a_file, attempts.make_a_folder],
    "write files": [attempts.write_a_file],
    "change files": [attempts.change_mode, attempts.change_time],
    "network": [attempts.connect_tcp, attempts.send_udp],
    "local sockets": [attempts.connect_abstract_socket, attempts.connect_path_socket],
    "processes": [attempts.fork, attempts.execute, attempts.start_thread],
    "signals": [attempts.signal_the_grader, attempts.signal_through_a_file],
    "read the grader": [attempts.read_environment, attempts.read_memory_file, attempts.read_memory],
    "limits of others": [attempts.look_at_limits, attempts.change_priority, attempts.raise_own_limit],
    "shared memory": [attempts.memory_file, attempts.system_v_memory],
    "privileges": [attempts.new_namespace, attempts.hold_capabilities, attempts.kernel_interfaces],
    "memory": [attempts.take_memory],
    "special files": [attempts.make_a_symbolic_link, attempts.make_a_hard_link, attempts.make_a_pipe],
}
#: The kernel was reached and had no objection in principle.
REACHED = {errno.ENOENT, errno.EFAULT, errno.EINVAL, errno.ECONNREFUSED, errno.EINPROGRESS, errno.ESRCH}


def possible_acts(capped_mib: int = 0) -> list[str]:
    """Names of the forbidden acts that were possible.

    Args:
        capped_mib: what the working folder is said to hold at most; 0 when nothing is said.
    """
    acts = dict(ACTS)
    if capped_mib:
        acts["too much in the scratch folder"] = [
            partial(attempts.overfill, capped_mib),
            partial(attempts.keep_files, FILES + 1),
        ]
    return [name for name, ways in acts.items() if any(map(_possible, ways))]


def _possible(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except OSError as error:
        return error.errno in REACHED and attempt in attempts.BY_ANSWER
    except (MemoryError, AttributeError, ImportError, ValueError, RuntimeError, Elsewhere):
        return False  # AttributeError, ImportError: this system has no such call
    return True
