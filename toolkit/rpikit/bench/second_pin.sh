#!/bin/sh
# SPDX-License-Identifier: MIT
# The agent of the second-pin driver: drives and reads lines of the board it runs on.
#
# Called with the label of the GPIO chip. Each line of input is a request and has one line of
# answer: `out LINE 0|1`, `in LINE` and `get LINE` give a level or `ok`, `look LINE...` the levels of
# several, and `free LINE...` gives lines back; what went wrong begins with `error: `. When its input
# ends, every line is an input again and given back.
# It uses sysfs because that needs no program on the board.

gpio=/sys/class/gpio
held=

find_base() { # set base, the number of the chip's first line, by the chip's label
    for chip in "$gpio"/gpiochip*; do
        { read -r label <"$chip/label" && read -r base <"$chip/base"; } 2>/dev/null || continue
        [ "$label" != "$1" ] || return 0
    done
    echo "error: no GPIO chip has the label $1 in $gpio"
    exit 1
}

give_back() { # LINE...: those of them that are held
    kept=
    for line in $held; do
        case " $* " in
        *" $line "*)
            echo in >$gpio/gpio$((base + line))/direction
            echo $((base + line)) >$gpio/unexport
            ;;
        *) kept="$kept $line" ;;
        esac
    done
    held=$kept
}

take() { # LINE: export it and set node; false if somebody else has it
    node=$gpio/gpio$((base + $1))
    case " $held " in *" $1 "*) return 0 ;; esac
    if [ ! -e "$node" ] && ! { echo $((base + $1)) >$gpio/export; } 2>/dev/null; then
        echo "error: line $1 is in use or may not be used by $(id -un)"
        return 1
    fi
    held="$held $1"
    tries=0
    until [ -w "$node/direction" ] && [ -w "$node/value" ]; do # udev gives the group its right
        tries=$((tries + 1))
        if [ $tries -gt 20 ]; then
            echo "error: $(id -un) may not write $node/direction"
            return 1
        fi
        sleep 0.1
    done
}

look() { # LINE...: print their levels
    levels=
    for each; do
        take "$each" || return
        read -r level <"$node/value"
        levels="$levels $level"
    done
    echo $levels
}

answer() { # VERB LINE [LEVEL]
    take "$2" || return
    case $1 in
    out)
        read -r direction <"$node/direction"
        if [ "$direction" = out ]; then
            echo "$3" >"$node/value"
        elif [ "$3" = 1 ]; then
            echo high >"$node/direction"
        else
            echo low >"$node/direction"
        fi
        ;;
    in) echo in >"$node/direction" ;;
    get)
        read -r level <"$node/value"
        echo "$level"
        return
        ;;
    *) false ;;
    esac && echo ok || echo "error: cannot do: $*"
}

exec 2>&1
trap exit HUP INT TERM PIPE
trap 'give_back $held' EXIT
find_base "$1"
echo ready
while read -r verb words; do
    case $verb in
    look) look $words ;;
    free) give_back $words && echo ok ;;
    *) answer "$verb" $words ;;
    esac
done
