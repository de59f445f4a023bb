{# SPDX-License-Identifier: MIT #}
# One flash at a time. The lock is a file `TOKEN PID BORN BOOT UPTIME HOLDER`, made whole and then
# linked into place. It dies with the process PID, which is the connection's, or of old age.

LOCK_AGE={{ lock_age }} # seconds after which a holder that lives but does nothing has lost its lock

read_lock() { # set lock_token, lock_pid, lock_born, lock_boot, lock_since and lock_holder
    { read -r lock_token lock_pid lock_born lock_boot lock_since lock_holder <"$base/lock"; } \
        2>/dev/null
}

write_lock() { # TOKEN PID HOLDER: make a lock aside, in the file lock.TOKEN
    read_birth "$2"
    read_uptime
    printf '%s\n' "$1 $2 $born $boot $uptime $3" >"$base/lock.$1" || {
        rm -f "$base/lock.$1"
        fail_write
    }
}

lock_is_stale() { # whether the lock that read_lock saw has no holder any more
    lives "$lock_pid" "$lock_born" "$lock_boot" || return 0
    read_uptime
    [ $((uptime - lock_since)) -gt $LOCK_AGE ]
}

take_lock() { # TOKEN PID HOLDER [NAPS]: hold the lock for a process; wait so long for another's end
    write_lock "$1" "$2" "$3"
    tries=0 naps=0
    until ln "$base/lock.$1" "$base/lock" 2>/dev/null; do
        tries=$((tries + 1))
        [ -e "$base/lock.$1" ] || write_lock "$1" "$2" "$3" # a flash cleans up
        if read_lock && ! lock_is_stale; then
            naps=$((naps + 1))
            if [ $naps -le "${4:-0}" ]; then
                tries=0
                nap
                continue
            fi
            rm -f "$base/lock.$1"
            fail $BOARD "is being flashed by $lock_holder since $((uptime - lock_since)) s" \
                'wait until that is done; the lock of a holder that died is not honoured'
        fi
        [ $tries -lt 5 ] || fail $BOARD "cannot make a hard link in $base" \
            'set RPIKIT_HOME to a folder on a Linux file system'
        rm -f "$base/lock"
    done
    rm -f "$base/lock.$1"
}

end_before() { # TOKEN: see the end of a flash that its own side has given up
    # Its connection may be mute, and live for hours yet. Its install, whose words have the token,
    # finishes alone.
    [ -n "$1" ] || return 0
    naps=0
    while read_lock && [ "$lock_token" = "$1" ] && ! lock_is_stale; do
        words=
        { read -r words <"/proc/$lock_pid/cmdline"; } 2>/dev/null # without the zeros between them
        case $words in *"$1"*) ;; *)
            [ "$lock_pid" = "$PPID" ] || kill "$lock_pid" 2>/dev/null
            unlock
            return
            ;;
        esac
        naps=$((naps + 1))
        [ $naps -le 300 ] || return 0 # take_lock says who that is
        nap
    done
}

keep_lock() { # TOKEN: hold our lock for this process, even if the connection breaks
    if ! read_lock || [ "$lock_token" != "$1" ]; then
        fail $BOARD "gave this flash's lock to ${lock_holder:-nobody}" 'flash again'
    fi
    write_lock "$1" "$$" "$lock_holder"
    mv -f "$base/lock.$1" "$base/lock"
}

unlock() { # let the next one in
    rm -f "$base/lock"
}
