/* SPDX-License-Identifier: MIT */
/* What went wrong, in the words Linux users know. */
#include "backends/linux/sys.h"

const char *sys_error_text(long result)
{
    switch (result) {
    case SYS_EPERM:
        return "Operation not permitted";
    case SYS_ENOENT:
        return "No such file or directory";
    case -5:
        return "Input/output error";
    case -6:
        return "No such device or address";
    case -9:
        return "Bad file descriptor";
    case SYS_ENOMEM:
        return "Cannot allocate memory";
    case SYS_EACCES:
        return "Permission denied";
    case SYS_EFAULT:
        return "Bad address";
    case SYS_ENOTBLK:
        return "Neither a file nor a block device";
    case SYS_EBUSY:
        return "Device or resource busy";
    case -17:
        return "File exists";
    case SYS_ENODEV:
        return "No such device";
    case -20:
        return "Not a directory";
    case -21:
        return "Is a directory";
    case SYS_EINVAL:
        return "Invalid argument";
    case -23:
    case -24:
        return "Too many open files";
    case -25:
        return "Inappropriate ioctl for device";
    case -28:
        return "No space left on device";
    case -30:
        return "Read-only file system";
    case SYS_ENETDOWN:
        return "Network is down";
    case SYS_ENOSYS:
        return "Function not implemented";
    case -40:
        return "Too many levels of symbolic links";
    case -110:
        return "Connection timed out";
    default:
        return "Unexpected error";
    }
}
