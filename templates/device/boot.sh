{# SPDX-License-Identifier: MIT #}
# What a board does of itself when it starts, and how it comes to do so: a unit of systemd, or a
# line in BusyBox's inittab. Neither is there until `setup` was asked for, and `undo` leaves nothing.

clear_flash() { # drop what a power cut left of a flash, and a trial that nobody watches
    rm -rf "$home/spare.new" "$slots/new" "$home/current.new" "$home/trial.new"
    read_trial
    [ -z "$trial" ] || is_on_trial && return
    echo "$(read_launch "$trial" name) $(read_launch "$trial" version) was on trial when the board ended" \
        >"$home/returned"
    forget_trial
}

use_spare() { # if the confirmed slot is damaged, select the one of before, if that is whole
    said=$(check_slot "$slot" 2>&1) && return
    read_spare
    [ -n "$spare" ] && (check_slot "$spare" && require_signed "$spare") 2>/dev/null || return 0
    was=$slot
    select_slot "$spare"
    rm -f "$home/spare"
    said=${said#error: }
    echo "slot $was was damaged when the board started (${said%%
*}); slot $spare, which was confirmed before, took its place" >"$home/returned"
    echo "damaged=$guest $was"
    read_selected
}

start_confirmed() { # start the confirmed slot of the guest, or fail
    check_slot "$slot"
    require_grants "$slot"
    make_cgroup "$slot"
    tell_lacking
    launch_slot "$slot" || fail_write
}

do_boot() { # start the confirmed slot of every guest that was not stopped, the latest one first
    take_lock "boot-$$" $$ 'the start of the board' 100
    trap unlock EXIT
    read_latest
    first=$latest
    for name in $first $(list_guests | grep -vFx -e "$first"); do
        enter "$name"
        [ -d "$run" ] || continue
        clear_flash
        read_selected
        if [ -e "$home/stopped" ] || [ -z "$slot" ] || guest_lives; then continue; fi
        use_spare
        if (start_confirmed); then echo "started=$name"; else echo "failed=$name"; fi
    done
    [ -z "$first" ] || point_to "$first"
}

is_systemd() { # whether systemd runs this board
    [ -d {{ systemd }} ]
}

read_hook() { # set hook to the file that has the board start guests at boot, unit if it is systemd's
    unit='' hook={{ etc }}/inittab
    if is_systemd; then
        unit=rpikit.service hook={{ etc }}/systemd/system/rpikit.service
    fi
}

starts_guests() { # whether the board starts its guests at boot
    read_hook
    grep -qF "$base/{{ half }}" "$hook" 2>/dev/null
}

require_hook() { # fail unless the user may change what the board does at boot
    read_hook
    [ -n "$unit" ] || [ -e "$hook" ] || fail $BOARD 'has neither systemd nor an inittab of BusyBox' \
        "have this run at boot: sh $base/{{ half }} boot"
    if [ -n "$unit" ]; then place=${hook%/*}; else place=$hook; fi
    [ -w "$place" ] || fail $BOARD "$(id -un) may not write to $place" \
        'log in as root for this, or let sudo: rpikit board setup needs it once'
}

do_setup() { # have the board start its guests at boot, with the program uploaded beside it
    require_hook
    [ -s "$base/{{ half }}.new" ] || fail $USAGE 'was given no program' 'rpikit board setup'
    chmod 755 "$base/{{ half }}.new" && mv -f "$base/{{ half }}.new" "$base/{{ half }}" || fail_write
    if [ -n "$unit" ]; then
        cat >"$hook.new" <<END && mv -f "$hook.new" "$hook" || fail_write
{% include "device/rpikit.service" %}
END
        systemctl daemon-reload && systemctl enable "$unit" >/dev/null 2>&1 ||
            fail $BOARD 'could not enable rpikit.service' 'on the board: systemctl status rpikit'
    else
        drop_line
        printf '%s\n' "::once:/usr/bin/env RPIKIT_HOME=$base /bin/sh $base/{{ half }} boot" >>"$hook" || fail_write
    fi
    sync
    do_status
}

drop_line() { # take our line out of the inittab
    sed "\|$base/{{ half }} boot|d" "$hook" >"$hook.new" && cat "$hook.new" >"$hook" || fail_write
    rm -f "$hook.new"
}

do_undo() { # have the board start nothing at boot any more
    require_hook
    if [ -z "$unit" ]; then
        drop_line
    elif [ -e "$hook" ]; then
        systemctl disable "$unit" >/dev/null 2>&1
        rm -f "$hook"
        systemctl daemon-reload
    fi
    rm -f "$base/{{ half }}" "$base/{{ half }}.new"
    sync
    do_status
}
