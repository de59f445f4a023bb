{# SPDX-License-Identifier: MIT #}
# The console of the guest, in parts `run/console/BYTE`, named after the byte they begin with. The
# part that grows is kept and the two before it. `run/console/closed` says that no more comes,
# `run/console/ready` that the ready line was in a part that is kept no more.

BLOCK=512   # bytes that are taken at most in one piece; a guest's write is one, or more
BLOCKS=1024 # pieces in a part, so that all of it is 1.5 MiB at most

drop_part() { # BYTE: a part is too old to keep; whether the guest said in it that it is up is noted
    [ -z "$ready" ] || [ -e ready ] || ! grep -qF -e "$ready" "$1" || : >ready
    rm -f "$1"
}

keep_console() { # keep what comes from standard input; what a full disk does not take is lost
    # In the folder itself: should the next guest have a new one already, this one's is out of reach.
    cd "$run/console" || exec cat >/dev/null
    begin=0 last='' before=''
    while :; do
        dd bs=$BLOCK count=$BLOCKS >"$begin" 2>/dev/null && room=yes || room=no
        size=0
        [ ! -e "$begin" ] || size=$(wc -c <"$begin")
        if [ "$size" -gt 0 ]; then
            [ -z "$before" ] || drop_part "$before"
            before=$last last=$begin
            begin=$((begin + size))
        else
            rm -f "$begin"
            [ $room = no ] || break
        fi
        if [ $room = no ]; then
            [ -z "$before" ] || drop_part "$before"
            before=
            lost=$(dd bs=$BLOCK count=64 2>/dev/null | wc -c)
            [ "$lost" -gt 0 ] || break
            begin=$((begin + lost))
        fi
    done
    : >closed
}

find_part() { # BYTE: set part to where the first one at or behind BYTE begins; false if none does
    part=
    for file in "$run"/console/*; do
        at=${file##*/}
        case $at in *[!0-9]*) continue ;; esac
        if [ "$at" -ge "$1" ] && { [ -z "$part" ] || [ "$at" -lt "$part" ]; }; then
            part=$at
        fi
    done
    [ -n "$part" ]
}

find_byte() { # BYTE: set part to where the one with BYTE in it begins, or else the next one
    holder='' next=0
    while find_part $next && [ "$part" -le "$1" ]; do
        holder=$part
        next=$((part + 1))
    done
    if [ -z "$holder" ]; then
        [ -n "$part" ]
        return
    fi
    { size=$(wc -c <"$run/console/$holder"); } 2>/dev/null || size=0
    # Where the last part ends is in it, too: that is what comes next.
    if [ "$1" -lt $((holder + size)) ] || { [ -z "$part" ] && [ "$1" -eq $((holder + size)) ]; }; then
        part=$holder
    fi
    [ -n "$part" ]
}

print_kept() { # print all that is kept
    next=0
    while find_part $next; do
        next=$((part + 1))
        cat "$run/console/$part" 2>/dev/null
    done
}

find_tail() { # LINES: set from to the byte with which the last LINES that are kept begin
    find_part 0 || part=0
    from=$part
    size=$(print_kept | wc -c)
    from=$((from + size - $(print_kept | head -c "$size" | tail -n "$1" | wc -c)))
}

await_kept() { # once the guest has ended: let the last that it wrote arrive, for a second at most
    tries=0
    while [ ! -e "$run/console/closed" ] && [ $tries -lt 10 ]; do
        nap
        tries=$((tries + 1))
    done
}

is_same() { # whether guest_lives last saw the one that the console is printed of
    [ "$watched" = "$guest_pid $guest_born $guest_boot" ]
}

print_from() { # BYTE: print the guest's console from there to its end; false with byte set to what
    # was not kept. If our reader is gone, so are we.
    byte=$1
    watched="$guest_pid $guest_born $guest_boot"
    while find_byte "$byte"; do
        [ "$part" -le "$byte" ] || return 1
        [ -e "$run/console/$part" ] || return 1
        exec 3<"$run/console/$part"
        begun=$part
        guest_lives
        is_same || return 0
        [ "$byte" -eq "$begun" ] || dd bs=$((byte - begun)) count=1 <&3 >/dev/null 2>&1
        until find_part $((begun + 1)); do
            cat <&3 || exit
            if ! guest_lives || ! is_same; then
                await_kept
                break
            fi
            [ -d "/proc/$PPID" ] || exit
            nap
        done
        cat <&3 || exit
        find_part $((begun + 1)) || return 0
        guest_lives
        is_same || return 0
        byte=$((begun + $(wc -c </proc/self/fd/3)))
    done
    return 0
}
