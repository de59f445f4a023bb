{# SPDX-License-Identifier: MIT #}
# Processes and time, told apart across reboots: a number alone may belong to another one by now.

TICKS=100 # of the clock in a second: USER_HZ on every ARM and x86

nap() { # a moment; a whole second where sleep knows no fractions
    sleep 0.1 2>/dev/null || sleep 1
}

read_uptime() { # set uptime: whole seconds since boot, which no clock adjustment moves
    read -r uptime _ </proc/uptime
    uptime=${uptime%.*}
}

read_birth() { # PID: set born (clock ticks since boot) and state; false if there is no such process
    born=
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # proc(5): after the name in parentheses come field 3, the state, and field 22, starttime.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    state=$1
    born=${20}
}

lives() { # PID BORN BOOT: whether that very process is still there
    [ "$3" = "$boot" ] && read_birth "$1" && [ "$born" = "$2" ] && [ "$state" != Z ]
}

read_use() { # PID: print cpu_ms, the time on the processor, and memory, KiB that it has in RAM
    # A guest of spt is a child of its tender; what they share is counted once, as Pss.
    family="$1 $(cat "/proc/$1/task/$1/children" 2>/dev/null)"
    used='' spent=''
    for member in $family; do
        read_memory "$member" "$family"
        read_time "$member"
    done
    [ -z "$used" ] || echo "memory=$used"
    [ -z "$spent" ] || echo "cpu_ms=$((spent * 1000 / TICKS))"
}

read_memory() { # PID FAMILY: add to used, KiB
    kind=R
    [ "$2" = "$1 " ] || kind=P
    # What status says of so few pages is not exact, since the kernel counts in batches.
    found=$(
        {
            sed -n "s/^${kind}ss:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$1/smaps_rollup"
            sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"
        } 2>/dev/null | head -n 1
    )
    [ -z "$found" ] || used=$((${used:-0} + found))
}

read_time() { # PID: add to spent, clock ticks
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    # proc(5): fields 14 and 15 are utime, with what a virtual processor ran, and stime.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    spent=$((${spent:-0} + ${12} + ${13}))
}
