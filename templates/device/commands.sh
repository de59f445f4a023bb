{# SPDX-License-Identifier: MIT #}
# The commands. A flash is `stage`, an upload to the file `incoming`, and `install`.

do_status() { # what is selected and what runs
    read_selected
    echo "home=$base"
    echo "slot=$slot"
    for key in name version board digest; do
        echo "$key=$(read_launch "$slot" $key)"
    done
    if guest_lives; then
        echo 'running=yes'
        echo "pid=$guest_pid"
        echo "running_slot=$guest_slot"
    else
        echo 'running=no'
        read_exit
        echo "exit=$ended"
    fi
    tell_trial
    if starts_guests; then echo 'boot=yes'; else echo 'boot=no'; fi
}

require() { # NEEDS: fail unless the board has the programs we use and the device nodes it names
    for tool in $tools; do
        command -v "$tool" >/dev/null || fail $BOARD "has no program $tool" \
            "install it on the board, or a BusyBox that has it"
    done
    for node in $1; do
        [ -e "$node" ] || case $node in
        /dev/kvm) fail $BOARD 'has no /dev/kvm: its kernel has no KVM or did not start at EL2' \
            'use a 64-bit kernel with KVM, started at EL2' ;;
        /dev/i2c-*) fail $BOARD "has no $node" \
            'on the board: sudo raspi-config nonint do_i2c 0, or load the module i2c-dev' ;;
        /dev/spidev*) fail $BOARD "has no $node" 'on the board: sudo raspi-config nonint do_spi 0' ;;
        /sys/class/pwm/*) fail $BOARD "has no $node" \
            'on the board: write dtoverlay=pwm into config.txt, and start it again' ;;
        *) fail $BOARD "has no $node" 'use a kernel with the driver of this device' ;;
        esac
        [ -r "$node" ] && [ -w "$node" ] || fail $BOARD "$(id -un) may not use $node" \
            "on the board: sudo usermod -aG kvm,gpio,i2c,spi $(id -un), then log in again"
    done
}

do_stage() { # TOKEN HOLDER NEEDS FILES [BEFORE [whole]]: lock the board, say what slot `new` misses
    # BEFORE is the token of a flash that is known to be over, as far as its own side goes. With
    # `whole` nothing is said of other versions of what is missing.
    require "$3"
    make_guest
    end_before "${5:-}"
    take_lock "$1" "$PPID" "$2" # our parent is the connection
    trap withdraw EXIT
    require_no_trial
    rm -rf "$base"/guests/*/slots/new
    mkdir "$slots/new" || fail_write
    read_held
    fetch_held "$4" "${6:-}"
    require_room
    tell_partial
    trap - EXIT
}

do_install() { # TOKEN SECONDS [beside|alone [TRIAL [UPLOAD]]]: verify, try, confirm if ready in time
    # With TRIAL it is left on trial for so many seconds, in which somebody has to confirm it.
    # UPLOAD is the SHA-256 of what was uploaded; without it nothing was.
    trap '' HUP PIPE # from here on we finish what we began, whoever listens
    keep_lock "$1"
    trap 'drop_upload; withdraw' EXIT
    unpack "${5:-}"
    check_slot new
    require_signed new
    [ "${3:-}" != beside ] || require_grants new
    make_cgroup new
    tell_lacking
    read_selected
    rm -f "$home/spare"
    { rm -rf "${slots:?}/$idle" && mv "$slots/new" "$slots/$idle"; } || fail_write
    sync_home
    if guest_lives; then was_running=yes; else was_running=no; fi
    others=
    [ "${3:-}" = beside ] || find_others
    write_trial "$idle" $(($2 + 30)) $$ $was_running "$others"
    stop_guest
    stop_others
    reason='did not start'
    if launch_slot "$idle" && await_ready "$idle" "$2"; then
        if [ -n "${4:-}" ]; then
            begin_watch "$idle" "$4" $was_running "$others"
        else
            confirm_slot "$idle" "$others"
        fi
        for other in $others; do echo "stopped=$other"; done
        do_status
        return
    fi
    print_kept | tail -n 20 | sed 's/^/console=/'
    read_trial
    roll_back "$reason"
    fail $FIRMWARE "$(read_launch "$idle" name) $reason; $after"
}

do_abandon() { # TOKEN: end a flash that was staged; say how much room there is
    read_free
    echo "free=$free"
    if read_lock && [ "$lock_token" = "$1" ]; then
        [ -z "$free" ] || [ "$free" -ge {{ full }} ] || drop_upload
        withdraw
    fi
}

do_verify() { # [SLOT]: check the selected slot, or the one named
    read_selected
    check_slot "${1:-$slot}"
    echo "whole=${1:-$slot}"
}

do_activate() { # select the idle slot, if it is whole
    is_on_trial && fail $BOARD "has $guest on trial" "rpikit confirm $guest -b {board}"
    read_selected
    check_slot "$idle"
    require_signed "$idle"
    chosen=$idle
    select_next "$chosen"
    keep_security "$chosen"
    do_status
}

do_start() { # start the selected firmware of the guest, unless it runs
    require_guest
    take_lock "start-$$" $$ 'another start' 100
    trap unlock EXIT
    settle_trial
    read_selected
    ! is_on_trial || slot=$trial
    guest_lives || start_confirmed
    rm -f "$home/stopped"
    do_status
}

do_stop() { # end the guest
    require_guest
    if guest_lives; then echo "stopped=$guest"; fi
    keep_stopped
    stop_guest
    do_status
}

do_stop_all() { # end all guests
    enter ''
    find_others
    stop_others
    for other in $others; do echo "stopped=$other"; done
}

do_remove() { # end the guest that is named and take it off the board
    [ -n "$named" ] || fail $USAGE 'no guest is named'
    require_guest
    take_lock "remove-$$" $$ 'a removal' 100
    trap unlock EXIT
    if guest_lives; then echo "stopped=$guest"; fi
    stop_guest
    [ "$latest" != "$guest" ] || rm -f "$base/current"
    gone=$base/guests/.gone # not a guest's name: a cut leaves a whole guest or none
    rm -rf "$gone"
    mv "$home" "$gone" || fail_write
    sync_home
    rm -rf "$gone"
    drop_upload # which may be a part of it
}

do_ps() { # say of each guest what it is and does
    read_uptime
    for name in $(list_guests); do
        enter "$name"
        read_selected
        shown=$slot
        echo "guest=$name"
        echo "slot=$slot"
        if guest_lives; then
            shown=$guest_slot
            echo "pid=$guest_pid"
            echo "uptime=$((uptime - guest_born / TICKS))"
            read_use "$guest_pid"
        else
            read_exit
            echo "exit=$ended"
            echo "cause=$cause"
        fi
        for key in version board digest limit_cpu limit_memory; do
            echo "$key=$(read_launch "$shown" $key)"
        done
        read_grants "$shown" | sed 's/^/grant=/'
        tell_trial
    done
}

do_logs() { # [LINES]: print the end of the console
    require_guest
    print_kept | tail -n "${1:-100}"
}

do_follow() { # print the console from its beginning until the guest ends or our reader is gone
    require_guest
    guest_lives
    [ -n "$guest_pid" ] || fail $BOARD 'has started no firmware yet' 'rpikit flash'
    # Its console begins a moment after the guest does, and never if it ends without a word.
    until find_part 0 || [ -e "$run/console/closed" ]; do
        guest_lives || { await_kept; break; }
        nap
    done
    byte=0
    until print_from "$byte"; do
        find_part "$byte" || return
        echo "rpikit: $((part - byte)) bytes of the console were not kept"
        byte=$part
    done
}

do_watch() { # RUN FROM: print a head of key=value, `console=`, and the console to the guest's end
    # RUN is the head's from before, or -; if that guest is still the one, from byte FROM on, else
    # the next one's from its beginning. FROM -N is the last N lines, `end` waits for the next.
    while :; do
        find_guest
        if guest_lives; then running=yes; else running=no; fi
        run_id=$guest_pid.$guest_born.$guest_boot
        if [ -n "$guest_pid" ] && find_part 0; then
            [ "$run_id" = "$1" ] && [ "$2" = end ] || break
        fi
        [ -d "/proc/$PPID" ] || exit
        nap
    done
    from=0
    case $2 in
    -*) find_tail "${2#-}" ;;
    *) [ "$run_id" != "$1" ] || from=$2 ;;
    esac
    find_byte "$from" && [ "$part" -gt "$from" ] && from=$part
    echo "run=$run_id"
    echo "unikernel=$slots/$guest_slot/{{ unikernel }}"
    echo "running=$running"
    echo "from=$from"
    for key in name version digest; do
        echo "$key=$(read_launch "$guest_slot" "$key")"
    done
    echo 'console='
    print_from "$from" || return 0
}

do_supervise() { # SLOT CGROUP: run its firmware to the end and leave the status behind
    supervised=$1
    cgroup=${2:-}
    read_limits "$1"
    cd "$slots/$supervised" || exit
    set --
    while IFS= read -r line; do
        case $line in run=*) set -- "$@" "${line#run=}" ;; esac
    done <{{ launch }}
    ready=$(read_launch "$supervised" ready)
    rm -rf "$run/console"
    mkdir "$run/console"
    run_guest "$@" 2>&1 | keep_console
}
