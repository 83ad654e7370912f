"""The walls: what a process that opens a stranger's file may still do. Linux only, asked of the kernel by ctypes.

    limits       address space, CPU seconds, open files, no file written, no core dump (resource(2))
    network      a network of its own, with nothing in it (unshare(2))
    files        only libraries and fonts may be read, nothing written (Landlock, 5.13 and later)
    calls        no sockets, no programs, no signals to others, no tracing, no new namespaces (seccomp(2))

Each wall stands by itself: a container runtime that forbids namespaces leaves seccomp, an old kernel without Landlock
leaves the rest. Which ones stand is logged once, when the sandbox starts.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import site
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000

OPEN_FILES = 64
PROCESSES = 16
"""Threads of a decoder (libde265 starts one); counted by user namespace, so only set where there is one of its own."""


def own_network() -> bool:
    """Move this process and its children to a network without anything. Must be called while it has one thread."""
    return sys.platform == "linux" and bool(_LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0)


def bound(*, memory_bytes: int, most_memory_bytes: int, cpu_s: int, own_user: bool) -> None:
    """Set limits that cannot be raised again, but for the memory: `memory_bytes` beyond what this process has mapped now,
    and with `allow_more_memory` `most_memory_bytes`."""
    most: dict[int, int] = {
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    linux = sys.platform == "linux"
    if linux:
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_bytes, mapped + most_memory_bytes))
    if own_user:
        most[resource.RLIMIT_NPROC] = PROCESSES
    for what, value in most.items():
        resource.setrlimit(what, (value, value))
    if linux:
        # others of the same user may not look into this process
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def allow_more_memory() -> None:
    """From now on as much as `bound` said at most."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


# Landlock: linux/landlock.h. The three numbers are the same on every architecture.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_PATH_BENEATH = 1
_TCP = 0b11
_SCOPES = 0b11
"""Abstract sockets and signals."""


def only_read(folders: Sequence[Path]) -> bool:
    """From now on nothing is written and nothing read but what lies in `folders`. False where the kernel cannot."""
    if sys.platform != "linux":
        return False
    abi = _LIBC.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if abi < 1:
        return False
    rights = (1 << _RIGHTS_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("QQQ", rights, _TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _LIBC.syscall(_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
    if ruleset < 0:
        return False
    try:
        for folder in folders:
            _allow(ruleset, folder)
        return _no_new_privileges() and _LIBC.syscall(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be read
    try:
        rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
        rule = struct.pack("=Qi", rights, descriptor)
        _LIBC.syscall(_ADD, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint(0))
    finally:
        os.close(descriptor)


def libraries() -> tuple[Path, ...]:
    """Where Python, its packages, the system's libraries and fonts lie. No folder of ours but the code itself."""
    own = Path(__file__).resolve().parents[1]
    named = [sys.prefix, sys.base_prefix, *site.getsitepackages(), "/usr", "/lib", "/lib64", "/etc/fonts"]
    devices = ["/dev/null", "/dev/urandom"]
    return tuple(dict.fromkeys([own, *(Path(name) for name in (*named, *devices))]))


# seccomp: linux/seccomp.h, linux/filter.h, linux/audit.h.
_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
_CLONE_THREAD = 0x00010000

_ALIKE = (424, 425, 434, 438)
"""pidfd_send_signal, io_uring_setup, pidfd_open, pidfd_getfd: newer calls have one number everywhere."""

# socket connect accept sendto sendmsg bind listen socketpair accept4 sendmmsg | fork vfork execve execveat | kill tkill
# rt_sigqueueinfo rt_tgsigqueueinfo ptrace process_vm_readv process_vm_writev | mount umount2 pivot_root chroot unshare
# setns | add_key request_key keyctl bpf userfaultfd perf_event_open open_by_handle_at | init_module delete_module
# finit_module kexec_load | shmget semget msgget mq_open
_DENIED = {
    "x86_64": (
        41, 42, 43, 44, 46, 49, 50, 53, 288, 307, 57, 58, 59, 322, 62, 200, 129, 297, 101, 310, 311,
        165, 166, 155, 161, 272, 308, 248, 249, 250, 321, 323, 298, 304, 175, 176, 313, 246, 29, 64, 68, 240,
    ),
    "aarch64": (
        198, 203, 202, 206, 211, 200, 201, 199, 242, 269, 221, 281, 129, 130, 138, 240, 117, 270, 271,
        40, 39, 41, 51, 97, 268, 217, 218, 219, 280, 282, 241, 265, 105, 106, 273, 104, 194, 190, 186, 180,
    ),
}  # fmt: skip
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_TGKILL = {"x86_64": 234, "aarch64": 131}
_PRLIMIT = {"x86_64": 302, "aarch64": 261}


def only_compute() -> bool:
    """From now on no call that reaches beyond this process. False on other processors than x86-64 and ARM64."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _DENIED:
        return False
    program = _filter(machine)
    instructions = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    whole = Program(len(program) // 8, ctypes.addressof(instructions))
    return _no_new_privileges() and _LIBC.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(whole), 0, 0) == 0


def _filter(machine: str) -> bytes:
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, _AUDIT[machine]), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_ABOVE, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for number in (*_DENIED[machine], *_ALIKE):
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    # glibc falls back from clone3, whose flags no filter can see, to clone
    steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    steps += _unless(_CLONE[machine], 0, _ANY_BIT, _CLONE_THREAD)
    steps += _unless(_TGKILL[machine], 0, _EQUAL, os.getpid())
    steps += _unless(_PRLIMIT[machine], 0, _EQUAL, 0)
    steps += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _unless(number: int, argument: int, test: int, value: int) -> list[tuple[int, int, int, int]]:
    """Refuse a call unless its argument passes; both processors are little-endian."""
    return [
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, 0, 3, number),
        (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
        (test, 1, 0, value),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]


def _no_new_privileges() -> bool:
    return bool(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
