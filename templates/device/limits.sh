{# SPDX-License-Identifier: MIT #}
# The limits of a guest: a control group of its own, cgroup v2, below `rpikit` and its home's path.
# Root makes it at the top, another user in what was delegated to the group that we are in. A guest
# without limits has none. Linux, Documentation/admin-guide/cgroup-v2.rst.

PERIOD=100000 # microseconds in which a guest may use the processor for its share of them
PROCESSES=64  # at most, in a guest with limits; a tender is one

read_limits() { # SLOT: set cpu (per cent of one core), memory (bytes) and is_strict
    cpu=$(read_launch "$1" limit_cpu)
    memory=$(read_launch "$1" limit_memory)
    is_strict=$(read_launch "$1" limits_required)
}

find_top() { # set top: the highest group, of ours and those above it, that we may divide; or nothing
    top='' reached=''
    while read -r _ place kind _; do [ "$kind" != cgroup2 ] || reached=$place; done </proc/mounts
    [ -n "$reached" ] || return 0
    below=$(sed -n 's|^0::/||p' /proc/self/cgroup)
    while [ -z "$top" ]; do
        if [ -w "$reached/cgroup.subtree_control" ] && [ -w "$reached/cgroup.procs" ]; then
            top=$reached
        elif [ -z "$below" ]; then
            return 0
        fi
        reached=$reached/${below%%/*}
        case $below in */*) below=${below#*/} ;; *) below= ;; esac
    done
}

make_cgroup() { # SLOT: set cgroup to the guest's, with its limits, and lacking to what it cannot have
    cgroup='' lacking=''
    read_limits "$1"
    [ -n "$cpu$memory" ] || return 0
    find_top
    group=rpikit$(printf '%s' "$base" | sed 's|/|-|g')
    if [ -n "$top" ] && mkdir -p "$top/$group/$guest" 2>/dev/null; then
        cgroup=$top/$group/$guest
        for controller in cpu memory pids; do
            for above in "$top" "$top/$group"; do
                put "$above/cgroup.subtree_control" "+$controller"
            done
        done
    fi
    [ -z "$cpu" ] || put "$cgroup/cpu.max" "$((cpu * PERIOD / 100)) $PERIOD" || lacking=cpu
    if [ -n "$memory" ]; then
        put "$cgroup/memory.max" "$memory" || lacking="${lacking:+$lacking and }memory"
        put "$cgroup/memory.swap.max" 0
    fi
    put "$cgroup/pids.max" $PROCESSES
}

put() { # FILE VALUE: write to a file that is there; false if that does not work
    [ -w "$1" ] && { printf '%s\n' "$2" >"$1"; } 2>/dev/null
}

drop_cgroup() { # remove the guest's, and what is above it if it was the last one
    [ -z "$cgroup" ] || rmdir "$cgroup" "${cgroup%/*}" 2>/dev/null
}

tell_lacking() { # say what of its limits the guest has to do without; fail if it must not
    [ -n "$lacking" ] || return 0
    why='no cgroup v2 with this controller that we may write to'
    [ -z "$is_strict" ] || fail $BOARD "cannot limit the $lacking of $guest: $why" \
        'start as root, or below a control group of your own; for memory on Raspberry Pi OS: cgroup_enable=memory in cmdline.txt'
    echo "note=runs without its limit of $lacking: the board has $why"
}

was_out_of_memory() { # whether the kernel ended a process of the group for want of memory
    killed=$(sed -n 's/^oom_kill //p' "${cgroup:-/}/memory.events" 2>/dev/null)
    [ "${killed:-0}" -gt 0 ]
}
