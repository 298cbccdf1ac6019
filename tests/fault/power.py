"""The power of a mounted ext4 goes: nothing reaches its "disk" any more
(FS_IOC_SHUTDOWN of Linux, without a flush of the log). As a program: power.py
MOUNT_POINT."""

import fcntl
import os
import struct
import sys

FS_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


def cut(mount_point):
    fd = os.open(mount_point, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))
    finally:
        os.close(fd)


if __name__ == '__main__':
    cut(sys.argv[1])
