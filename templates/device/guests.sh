{# SPDX-License-Identifier: MIT #}
# The guests of the board, each in `guests/NAME` as if it were alone. `current` leads to the one
# that was started last. What one is granted, no other that runs may have.

is_name() { # NAME: whether it can be a guest's: of what a bundle's name may have, and so no path
    case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._+-]*) return 1 ;; esac
}

enter() { # NAME: set guest, home, slots and run; without a name nothing is there
    guest=$1
    enter_home "$base${1:+/guests/$1}"
}

enter_home() { # HOME: set home, slots and run
    home=$1
    slots=$home/slots
    run=$home/run
}

find_guest() { # enter the guest that was named, else the one that was started last
    read_latest
    enter "${named:-$latest}"
}

make_guest() { # make the folders of the guest
    [ -n "$guest" ] || fail $USAGE 'no guest is named'
    mkdir -p "$slots" "$run" || fail_write
}

read_latest() { # set latest: the guest that was started last, or nothing
    latest=$(readlink "$base/current" 2>/dev/null)
    latest=${latest#guests/}
    latest=${latest%/current}
    is_name "$latest" || latest=
}

point_to() { # NAME: have `current` lead to its selected slot, in one step
    rm -f "$base/current.new"
    ln -s "guests/$1/current" "$base/current.new" && mv -f -T "$base/current.new" "$base/current"
}

list_guests() { # print the name of each guest
    for folder in "$base"/guests/*/; do
        folder=${folder%/}
        if is_name "${folder##*/}" && [ -d "$folder/run" ]; then echo "${folder##*/}"; fi
    done
}

require_guest() { # fail unless the guest that was named is there
    if [ -n "$guest" ] && [ ! -d "$run" ]; then
        # shellcheck disable=SC2046
        set -- $(list_guests)
        [ $# -gt 0 ] || fail $BOARD 'has no firmware yet' 'rpikit flash'
        fail $BOARD "has no guest $guest" "its guests are: $*"
    fi
}

find_others() { # set others to the other guests that run
    others='' ours=$guest
    for name in $(list_guests); do
        [ "$name" != "$ours" ] || continue
        enter "$name"
        if guest_lives; then others="$others $name"; fi
    done
    enter "$ours"
}

stop_others() { # stop those of find_others
    ours=$guest
    for name in $others; do
        enter "$name"
        [ -n "$ours" ] || keep_stopped
        stop_guest
    done
    enter "$ours"
}

keep_stopped() { # have the next boot leave the guest as it is, stopped; a trial has its own end
    is_on_trial || : >"$home/stopped" || fail_write
}

restart_others() { # let them run again that stop_others stopped; set again to their names
    again='' ours=$guest
    for name in $others; do
        enter "$name"
        guest_lives && continue
        if launch_slot "$guest_slot"; then again="$again $name"; fi
    done
    enter "$ours"
}

read_grants() { # SLOT: print what its tender is told to give its guest alone, a line each
    read_launch "$1" run | while IFS= read -r word; do
        value=${word#*:*=}
        case $word in
        --pin:*=*) echo "line ${value%%,*}" ;;
        {{ trust }}) echo 'every pin' ;;
        --i2c:*=*) echo "I2C device ${value%%,*}" ;;
        --spi:*=*) echo "SPI device ${value%%,*}" ;;
        --pwm:*=*) echo "PWM channel ${value%%,*}" ;;
        --net:*=*) printf 'interface %s\n' "$value" ;;
        --block:*=*)
            # One file has many paths.
            value=$(cd "$slots/$1" && readlink -f "$value" || printf '%s' "$value")
            printf 'file %s\n' "$value"
            ;;
        esac
    done
}

read_lines() { # SLOT: print each line of the chip that its guest has, and the signal that it is for it
    read_grants "$1" | sed -n 's/^line \([0-9]*\)$/\1 gpio/p'
    read_launch "$1" signal
}

find_clash() { # print what of held and held_lines cannot be beside wanted and wanted_lines
    [ -z "$wanted" ] || printf '%s\n' "$held" | grep -Fx -e "$wanted"
    if [ -n "$wanted_lines" ]; then printf '%s\n' "$held" | grep -Fx 'every pin'; fi
    if printf '%s\n' "$wanted" | grep -qFx 'every pin'; then
        printf '%s\n' "$held_lines" | sed -n 's/^\([0-9]*\) .*/line \1/p'
    fi
    # One pin has one signal at a time; the devices of a bus share its pins.
    printf '%s\n' "$wanted_lines" | while read -r line signal; do
        printf '%s\n' "$held_lines" | grep "^$line " | grep -vFx "$line $signal"
    done | sed -e 's/ gpio$//' -e 's/ \(.*\)/, as \1,/' -e 's/^/line /'
}

require_grants() { # SLOT: fail if another guest that runs has what the slot's firmware is granted
    wanted=$(read_grants "$1")
    wanted_lines=$(read_lines "$1")
    ours=$guest
    for name in $(list_guests); do
        [ "$name" != "$ours" ] && [ -n "$wanted$wanted_lines" ] || continue
        enter "$name"
        guest_lives || continue
        held=$(read_grants "$guest_slot")
        held_lines=$(read_lines "$guest_slot")
        clash=$(find_clash | head -n 1)
        [ -z "$clash" ] || fail $BOARD "$clash is held by $name" "rpikit stop $name -b {board}"
    done
    enter "$ours"
}

take_over() { # make a guest of the one that a board had when there could be only one
    before=$base/guests/.before # not a guest's name; what was begun there is finished
    [ -d "$base/slots" ] || [ -d "$before" ] || return 0
    if read_lock && ! lock_is_stale; then return; fi
    mkdir -p "$before/run" || fail_write
    [ ! -d "$base/slots" ] || mv "$base/slots" "$before/slots" || fail_write
    for left in guest exit console; do
        [ ! -e "$base/run/$left" ] || mv "$base/run/$left" "$before/run/$left" || fail_write
    done
    was=$(readlink "$base/current" 2>/dev/null)
    case $was in slots/*) mv "$base/current" "$before/current" || fail_write ;; esac
    name=
    for left in "$before"/current "$before"/slots/a "$before"/slots/b; do
        [ -n "$name" ] || name=$(sed -n 's/^name=//p' "$left/{{ launch }}" 2>/dev/null)
    done
    if is_name "$name" && [ ! -e "$base/guests/$name" ]; then
        mv "$before" "$base/guests/$name" && point_to "$name" || fail_write
    else
        rm -rf "$before"
    fi
}
