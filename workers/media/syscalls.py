"""The system calls that no media program needs, refused by the kernel: a seccomp filter for `bwrap --seccomp`.

The kernel's surface that an exploit would reach for: other processes, keys, namespaces, mounts, modules, tracing,
io_uring, sockets of any kind. Each fails with EPERM. Classic BPF after seccomp(2) and linux/filter.h; the numbers are
those of the kernel's own tables (asm/unistd.h), which never change.
"""

from __future__ import annotations

import errno
import os
import struct

_ARCHITECTURES = {"x86_64": (0xC000003E, 1), "aarch64": (0xC00000B7, 2)}  # linux/audit.h, column below

# Name, number on x86_64, number on aarch64.
_REFUSED = """
    socket 41 198, connect 42 203, ptrace 101 117, syslog 103 116, acct 163 89, personality 135 92,
    pivot_root 155 41, chroot 161 51, mount 165 40, umount2 166 39, swapon 167 224, swapoff 168 225,
    reboot 169 142, init_module 175 105, delete_module 176 106, quotactl 179 60, kexec_load 246 104,
    add_key 248 217, request_key 249 218, keyctl 250 219, unshare 272 97, perf_event_open 298 241,
    fanotify_init 300 262, name_to_handle_at 303 264, open_by_handle_at 304 265, setns 308 268,
    process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272, finit_module 313 273,
    kexec_file_load 320 294, bpf 321 280, userfaultfd 323 282, io_uring_setup 425 425,
    io_uring_enter 426 426, io_uring_register 427 427, open_tree 428 428, move_mount 429 429,
    fsopen 430 430, fsmount 432 432, pidfd_getfd 438 438, mount_setattr 442 442
"""

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4  # offsets in struct seccomp_data
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_X32 = 0x40000000  # the other set of numbers that an x86_64 kernel takes


def refused() -> dict[str, int]:
    """Return the refused calls of this machine by name; none where the numbers of its processor are not known."""
    _, column = _ARCHITECTURES.get(os.uname().machine, (0, None))
    return {} if column is None else {row[0]: int(row[column]) for row in map(str.split, _REFUSED.split(","))}


def program() -> bytes:
    """Return the filter for this machine; empty where the numbers of its processor are not known."""
    numbers = sorted(refused().values())
    if not numbers:
        return b""
    architecture, _ = _ARCHITECTURES[os.uname().machine]
    steps = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, _NUMBER_AT), (_AT_LEAST, len(numbers) + 1, 0, _X32)]
    steps += [(_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
