{# SPDX-License-Identifier: MIT #}
# A slot on trial. `trial` is `SLOT UNTIL PID BORN BOOT WAS_RUNNING` and, in its second line, the
# guests that were stopped for it: process PID watches the trial until UNTIL seconds of uptime.
# `current` leads to the confirmed slot all the while, and that is what a boot starts. The steps and
# their order are those of toolkit/rpikit/slots.py.

read_trial() { # set trial to the slot on trial or nothing, and what else `trial` says
    trial='' trial_until='' trial_pid='' trial_born='' trial_boot='' trial_was='' trial_others=''
    { read -r trial trial_until trial_pid trial_born trial_boot trial_was && read -r trial_others; } \
        2>/dev/null <"$home/trial"
}

is_on_trial() { # whether a slot is on trial and somebody watches it
    read_trial
    [ -n "$trial" ] && lives "$trial_pid" "$trial_born" "$trial_boot"
}

write_trial() { # SLOT SECONDS PID WAS_RUNNING OTHERS: note the trial and who watches it
    read_birth "$3"
    read_uptime
    {
        printf '%s\n%s\n' "$1 $((uptime + $2)) $3 $born $boot $4" "$5" >"$home/trial.new" &&
            mv -f "$home/trial.new" "$home/trial"
    } || fail_write
    sync_home
}

forget_trial() { # there is no trial any more
    rm -f "$home/trial"
    sync_home
}

read_spare() { # set spare: the idle slot if it holds what was confirmed before, or nothing
    spare=
    { read -r spare <"$home/spare"; } 2>/dev/null
    [ "$spare" = "$idle" ] || spare=
}

select_next() { # SLOT: select it; the one of before is the spare, until another is put there
    read_selected
    before=$slot
    select_slot "$1"
    [ -z "$before" ] || {
        echo "$before" >"$home/spare.new" && mv -f "$home/spare.new" "$home/spare"
    } || fail_write
}

confirm_slot() { # SLOT OTHERS: from now on it is the one, and the others stay stopped
    select_next "$1"
    keep_security "$1"
    rm -f "$home/stopped" "$home/returned"
    for name in $2; do : >"$base/guests/$name/stopped"; done
    forget_trial
}

roll_back() { # REASON: end the trial that read_trial saw, and let run what ran before; set after
    read_selected
    guest_lives
    if [ "$guest_slot" != "$slot" ] || [ -z "$slot" ]; then stop_guest; fi
    others=$trial_others
    if guest_lives; then trial_was=no; fi
    fall_back "$slot" "$trial_was"
    echo "$(read_launch "$trial" name) $(read_launch "$trial" version) $1; $after" >"$home/returned"
    forget_trial
}

settle_trial() { # under the lock: roll back a trial that nobody watches any more
    read_trial
    [ -n "$trial" ] || return 0
    lives "$trial_pid" "$trial_born" "$trial_boot" || roll_back 'was on trial, and nobody watched it'
}

require_no_trial() { # fail if a guest of the board is on trial
    ours=$guest
    for name in $(list_guests); do
        enter "$name"
        settle_trial
        is_on_trial || continue
        read_uptime
        fail $BOARD "has $name $(read_launch "$trial" version) on trial, for $((trial_until - uptime)) s more" \
            "rpikit confirm $name -b {board}, or rpikit rollback $name -b {board}"
    done
    enter "$ours"
}

is_over() { # whether the trial failed: its time has passed, or its guest failed; set reason
    reason="was not confirmed within $1 s"
    read_uptime
    [ "$uptime" -lt "$trial_until" ] || return 0
    if guest_lives || [ -z "$guest_pid" ]; then return 1; fi # or it is being started again
    read_exit
    reason="ended with status ${ended:-unknown} while it was on trial"
    [ "$ended" != 0 ] && [ "$cause" != stop ] # that is a test which starts it anew
}

watch_trial() { # SLOT SECONDS: give the board back unless the trial is confirmed in time
    while read_trial && [ "$trial" = "$1" ]; do
        if is_over "$2"; then
            read -r watcher _ </proc/self/stat
            take_lock "trial-$watcher" "$watcher" 'the end of a trial' 6000
            read_trial
            if [ "$trial" = "$1" ] && is_over "$2"; then roll_back "$reason"; fi
            unlock
            return
        fi
        sleep 1
    done
}

begin_watch() { # SLOT SECONDS WAS_RUNNING OTHERS: leave it on trial, watched by a process of its own
    (
        trap - EXIT
        trap '' HUP INT TERM PIPE
        watch_trial "$1" "$2"
    ) </dev/null >/dev/null 2>&1 &
    write_trial "$1" "$2" $! "$3" "$4"
}

tell_trial() { # what is on trial, and for how long yet; what came of the last one
    if is_on_trial; then
        read_uptime
        echo "trial=$trial"
        echo "trial_version=$(read_launch "$trial" version)"
        echo "trial_digest=$(read_launch "$trial" digest)"
        echo "trial_seconds=$((trial_until > uptime ? trial_until - uptime : 0))"
    fi
    if [ -s "$home/returned" ]; then sed 's/^/returned=/' "$home/returned"; fi
}

require_trial() { # take the lock for a trial that somebody watches, or fail
    require_guest
    take_lock "trial-$$" $$ "$1" 100
    trap unlock EXIT
    settle_trial
    is_on_trial && return
    what='it was confirmed, or there was none'
    [ ! -s "$home/returned" ] || read -r what <"$home/returned"
    fail $BOARD "has nothing of $guest on trial: $what" "rpikit flash --trial SECONDS"
}

do_confirm() { # the slot on trial is the one from now on
    require_trial 'a confirmation'
    check_slot "$trial"
    confirm_slot "$trial" "$trial_others"
    for name in $trial_others; do echo "stopped=$name"; done
    do_status
}

do_rollback() { # end the trial: the slot of before runs again
    require_trial 'a roll back'
    roll_back 'was rolled back'
    do_status
}
