{# SPDX-License-Identifier: MIT #}
# Processes and time, told apart across reboots: a number alone may belong to another one by now.

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
