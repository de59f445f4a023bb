{# SPDX-License-Identifier: MIT #}
# One flash at a time. The lock is a file `TOKEN PID BORN BOOT UPTIME HOLDER`, made whole and then
# linked into place. It dies with the process PID, which is the connection's, or of old age.

LOCK_AGE={{ lock_age }} # seconds after which a holder that lives but does nothing has lost its lock

read_lock() { # set lock_token, lock_pid, lock_born, lock_boot, lock_since and lock_holder
    { read -r lock_token lock_pid lock_born lock_boot lock_since lock_holder <"$home/lock"; } \
        2>/dev/null
}

write_lock() { # TOKEN PID HOLDER: make a lock aside, in the file lock.TOKEN
    read_birth "$2"
    read_uptime
    printf '%s\n' "$1 $2 $born $boot $uptime $3" >"$home/lock.$1" || {
        rm -f "$home/lock.$1"
        fail_write
    }
}

lock_is_stale() { # whether the lock that read_lock saw has no holder any more
    lives "$lock_pid" "$lock_born" "$lock_boot" || return 0
    read_uptime
    [ $((uptime - lock_since)) -gt $LOCK_AGE ]
}

take_lock() { # TOKEN HOLDER: hold the lock for our parent process, the connection
    write_lock "$1" "$PPID" "$2"
    tries=0
    while ! ln "$home/lock.$1" "$home/lock" 2>/dev/null; do
        tries=$((tries + 1))
        if read_lock && ! lock_is_stale; then
            rm -f "$home/lock.$1"
            fail $BOARD "is being flashed by $lock_holder since $((uptime - lock_since)) s" \
                'wait until that is done; the lock of a holder that died is not honoured'
        fi
        [ $tries -lt 5 ] || fail $BOARD "cannot make a hard link in $home" \
            'set RPIKIT_HOME to a folder on a Linux file system'
        rm -f "$home/lock"
    done
    rm -f "$home/lock.$1"
}

keep_lock() { # TOKEN: hold our lock for this process, even if the connection breaks
    if ! read_lock || [ "$lock_token" != "$1" ]; then
        fail $BOARD "gave this flash's lock to ${lock_holder:-nobody}" 'flash again'
    fi
    write_lock "$1" "$$" "$lock_holder"
    mv -f "$home/lock.$1" "$home/lock"
}
