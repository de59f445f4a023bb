{# SPDX-License-Identifier: MIT #}
# A guest and its tender. `run/guest` is `PID BORN BOOT SLOT`, `run/exit` its status once it has
# ended and what ended it if we know, `run/console` what it and its tender wrote.

read_launch() { # SLOT KEY: print the values of KEY in the slot's launch file, one per line
    sed -n "s/^$2=//p" "$slots/$1/{{ launch }}" 2>/dev/null
}

guest_lives() { # whether one runs; set guest_pid and guest_slot of it or of the last one
    guest_pid='' guest_born='' guest_boot='' guest_slot=''
    { read -r guest_pid guest_born guest_boot guest_slot <"$run/guest"; } 2>/dev/null
    lives "$guest_pid" "$guest_born" "$guest_boot"
}

read_exit() { # set ended: the status of the guest that ended, or nothing; and cause: `stop`, `memory` or nothing
    ended='' cause=''
    tries=0
    # Its supervisor writes the status a moment after the process is gone.
    while [ "$guest_boot" = "$boot" ] && [ ! -e "$run/exit" ] && [ $tries -lt 10 ]; do
        nap
        tries=$((tries + 1))
    done
    { read -r ended cause <"$run/exit"; } 2>/dev/null
}

launch_slot() { # SLOT: start its firmware, free of this shell and its connection
    rm -f "$run/guest" "$run/exit" "$run/stop"
    make_cgroup "$1"
    # To the program in the slot, which may be older than we, the guest's home is all that there is.
    RPIKIT_HOME=$home setsid sh "$slots/$1/{{ half }}" supervise "$1" "$cgroup" </dev/null >/dev/null 2>&1 &
    supervisor=$!
    tries=0
    until [ -e "$run/guest" ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || return 1
        if ! read_birth $supervisor || [ "$state" = Z ]; then
            [ -e "$run/guest" ] || return 1
        fi
        nap
    done
    point_to "$guest"
}

run_guest() { # WORD...: run the tender to its end, in its control group, and leave its status behind
    (
        [ -z "$cgroup" ] || put "$cgroup/cgroup.procs" 0 || [ -z "$is_strict" ] || exit
        exec "$@"
    ) &
    read_birth $! || born=0 # it is over already; what ended has a line of four words, too
    echo "$! $born $boot $supervised" >"$run/guest.new" &&
        mv -f "$run/guest.new" "$run/guest" || kill $!
    wait $!
    ended=$?
    if was_out_of_memory; then
        ended="$ended memory"
        echo "rpikit: ended by the board: it had used up its memory, $memory bytes" # to its console
    elif [ -e "$run/stop" ]; then
        ended="$ended stop"
    fi
    drop_cgroup
    echo "$ended" >"$run/exit.new" && mv -f "$run/exit.new" "$run/exit"
}

stop_guest() { # end the guest, kindly for three seconds
    guest_lives || return 0
    : >"$run/stop"
    kill -TERM "$guest_pid" 2>/dev/null
    tries=0
    while guest_lives; do
        tries=$((tries + 1))
        [ $tries -ne 30 ] || kill -KILL "$guest_pid" 2>/dev/null
        [ $tries -lt 60 ] || fail $BOARD "cannot end process $guest_pid of slot $guest_slot"
        nap
    done
    read_exit
}

said_ready() { # whether the console shows that the guest is up
    if [ -n "$ready" ]; then
        [ -e "$run/console/ready" ] || print_kept | grep -qF -e "$ready"
    else
        [ -s "$run/console/0" ] || find_part 1
    fi
}

await_ready() { # SLOT SECONDS: false with reason set if its guest does not get ready in time
    ready=$(read_launch "$1" ready)
    read_uptime
    deadline=$((uptime + $2))
    while guest_lives && ! said_ready; do
        read_uptime
        if [ "$uptime" -gt $deadline ]; then
            reason="did not write '${ready:-anything}' to its console within $2 s"
            return 1
        fi
        nap
    done
    nap # a tender that refuses its firmware writes, too, and is gone at once
    guest_lives && return 0
    await_kept
    read_exit
    if [ "$ended" != 0 ]; then
        reason="ended with status ${ended:-unknown}"
        [ "$cause" != memory ] || reason="$reason: it had used up its memory"
        return 1
    fi
    [ -z "$ready" ] || said_ready || {
        reason="ended before it wrote '$ready' to its console"
        return 1
    }
}

fall_back() { # SLOT WAS_RUNNING: let the firmware of before run again, and the others; set after
    if [ -z "$1" ] && [ -z "$latest" ]; then
        after='the board had no firmware before and has none now'
    elif [ -z "$1" ]; then
        after='the board has no earlier one of this name'
    elif [ "$2" = no ]; then
        after="slot $1 stays selected"
    elif launch_slot "$1"; then
        after="slot $1 runs again"
    else
        after="slot $1 is selected, but did not start again"
    fi
    restart_others
    [ -z "$again" ] || after="$after;$again too"
    ours=$guest
    enter "$latest"
    if guest_lives; then point_to "$guest"; fi
    enter "$ours"
}
