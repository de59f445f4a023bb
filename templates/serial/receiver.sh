# SPDX-License-Identifier: MIT
# The board's side of a serial line: takes bytes and commands, tells what came. $1: stty -g before.
# All that is typed arrives in batches; a silence ends one. A batch with a whole frame is a command,
# any other is data if a file is open for it. Nothing here decides: the other side does.

LC_ALL=C
export LC_ALL
umask 077
exec 2>/dev/null

batch=4096 # bytes of a batch at most
piece=1024 # bytes that are told about in one line
sink=      # where data goes
length=0   # of the sink
last=      # the command that was done last, and its answer
strange=0  # batches in a row that are neither; after 40 the line goes back to whoever types there
status=0 extra=0

tell() { # KIND A B C: one line with its own check
    echo "#$1 $2 $3 $4 $((($1 * 11 + $2 * 3 + $3 * 5 + $4 * 7) % 999983));"
}

choose() { # how pieces are checked: by CRC-32 of POSIX, that of zlib, or a polynomial modulo a prime
    kind=3 step=1 prefix=
    if [ -n "$(command -v split)" ]; then
        if [ "$(printf 123456789 | cksum)" = '930766865 9' ]; then
            kind=1 step=3
        elif printf 123456789 >g && [ "$(crc32 g)" ] && set -- $(crc32 g) && [ "$1" = cbf43926 ]; then
            kind=2 step=2 prefix=0x
        fi
    fi
}

polynomial() { # SIZE FILE: one number for each so many bytes
    od -An -v -tu1 "$2" | awk -v s="$1" '{ for (i = 1; i <= NF; i++) {
        h = (h * 69069 + $i + 1) % 2147483647
        if (++n == s) { printf "%d\n", h; n = h = 0 } } }
        END { if (n) printf "%d\n", h }'
}

sums() { # SIZE FILE: the checks of its pieces, each as `step` words
    case $kind in
    3) polynomial "$1" "$2" ;;
    *)
        rm -f x.*
        split -b "$1" "$2" x.
        case $kind in 1) cksum x.* ;; 2) crc32 x.* ;; esac
        ;;
    esac
}

size_of() { # FILE: set size
    size=$(($(wc -c <"$1")))
}

sum_of() { # FILE of up to 64 KiB: set sum
    sum=$(sums 65536 "$1")
    sum=${sum%%[!0-9a-f]*}
    sum=$((${prefix}${sum:-0}))
}

get() { # put the next batch into b; fail after 75 s of silence
    dd bs=$batch count=1 iflag=fullblock >b
    [ ! -s b ] || return 0
    stty min 0 time 250
    for round in 1 2 3; do
        dd bs=1 count=1 >b
        if [ -s b ]; then
            stty min 0 time 1
            dd bs=$batch count=1 iflag=fullblock >>b
            return 0
        fi
    done
    return 1
}

report() { # FILE OFFSET: tell of the pieces of a file that is at OFFSET in the sink
    size_of "$1"
    left=$size at=$2
    set -- $(sums $piece "$1")
    while [ $# -gt 0 ] && [ $left -gt 0 ]; do
        part=$((left < piece ? left : piece))
        tell 1 $at $part $((${prefix}$1))
        at=$((at + part)) left=$((left - part))
        shift $step
    done
}

frame() { # whether b is a whole command; do it, unless it was done, and answer
    read -r mark want bytes number <b || return 1
    [ "$mark" = '!' ] || return 1
    tail -n +2 b >f
    size_of f
    sum_of f
    [ "$sum $size" = "$want $bytes" ] || return 1
    if [ "$number" != "$last" ]; then
        last=$number status=0 extra=0 after=
        . ./f || status=$?
    fi
    tell 2 "$number" "$status" "$extra"
    eval "$after"
}

give() { # FILE BLOCK INDEX...: send blocks of a file, each behind a line that checks it
    given=$1 block=$2
    shift 2
    for index; do
        dd if="$given" bs="$block" skip="$index" count=1 >g
        size_of g
        sum_of g
        tell 3 "$index" $size $sum
        cat g
    done
}

reply() { # FILE BLOCK: answer with the size of a file and all its blocks
    size_of "$1"
    extra=$size
    indexes='' count=0
    while [ $((count * $2)) -lt $size ]; do
        indexes="$indexes $count"
        count=$((count + 1))
    done
    after="give $1 $2 $indexes"
}

shorten() { # FILE: compress it in place if that may help
    size_of "$1"
    [ $size -lt 400 ] || { gzip -c "$1" >z && mv z "$1"; }
}

open_sink() { # NAME: data goes here; what came before stays, of each kind (NAME from its first dot)
    sink=$1
    for other in *."${sink#*.}"; do [ "$other" = "$sink" ] || rm -f "$other"; done
    : >>"$sink" || return 1
    size_of "$sink"
    length=$size extra=$size
}

scan() { # tell again of the whole sink
    at_block=0
    while [ $((at_block * 4096)) -lt $length ]; do
        dd if="$sink" bs=4096 skip=$at_block count=1 >b
        report b $((at_block * 4096))
        at_block=$((at_block + 1))
    done
}

join() { # LIST: print the parts of the sink that it names, each as OFFSET SIZE
    while read -r from count; do
        if [ "$count" -lt 4096 ]; then
            dd if="$sink" bs=1 skip="$from" count="$count"
        else
            tail -c +$((from + 1)) "$sink" | head -c "$count"
        fi
    done <"$1"
}

is_whole() { # SHA256 FILE
    sum=$(sha256sum <"$2")
    [ "${sum%% *}" = "$1" ]
}

pack() { # BLOCK: answer with the size of out, out and err
    size_of out
    { echo $size && cat out err; } >pack
    shorten pack
    reply pack "$1"
}

run() { # SECONDS INPUT BLOCK: run the command in c; its parent is this program, its session its own
    rm -f late
    (cd "$home" && exec setsid sh -c "$(cat "$folder/c")") <"$2" >out 2>err &
    running=$!
    setsid sh -c 'left=$0
        while [ $left -gt 0 ]; do
            step=$((left < 2 ? left : 2)) left=$((left - 2))
            sleep $step
            [ $left -le 0 ] || echo "$2"
        done
        : >late
        kill -TERM -"$1"
        sleep 2
        kill -KILL -"$1"' "$1" $running "$(tell 6 $last 0 0)" </dev/null &
    guard=$!
    wait $running
    status=$?
    kill -KILL -$guard || kill -KILL $guard # it may not lead a group yet
    wait $guard
    [ ! -e late ] || status=1000
    pack "$3"
}

open_channel() { # ID: start the command in c; its output and errors are kept in o.ID
    rm -f "i.$1" "o.$1" "s.$1" "p.$1"
    mkfifo "i.$1"
    : >"o.$1"
    sleep 999999 >"i.$1" & # keeps the input open
    eval "hold_$1=$!"
    (
        text=$(cat c)
        file=$folder/p.$1
        cd "$home" || exit
        setsid sh -c "echo \$\$ >'$file'; $text" <"$folder/i.$1" >>"$folder/o.$1" 2>&1
        echo $? >"$folder/s.$1"
    ) &
}

type_into() { # ID FILE
    cat "$2" >"i.$1"
}

poll() { # ID OFFSET BLOCK: answer with what came since; the status is 1 once it has ended
    [ ! -e "s.$1" ] || status=1
    tail -c +$(($2 + 1)) "o.$1" | head -c 8192 >"q.$1"
    reply "q.$1" "$3"
}

close_channel() { # ID
    if [ ! -e "s.$1" ]; then
        ended=$(cat "p.$1")
        for signal in TERM KILL; do
            kill -$signal -"$ended"
            for try in 1 2 3 4 5 6 7 8 9 10; do
                [ ! -e "s.$1" ] || break
                sleep 0.1 || sleep 1
            done
            [ ! -e "s.$1" ] || break
        done
    fi
    eval "kill \$hold_$1"
    rm -f "i.$1" "o.$1" "s.$1" "p.$1" "q.$1"
}

speed() { # BAUD: stay at it if a whole command comes within 3 s, else go back
    before=$(stty -g)
    stty min 0 time 4 # until our answer is on the line, whatever a driver says of that
    dd bs=1 count=1 >b
    stty "$1"
    stty min 0 time 30
    dd bs=1 count=1 >b
    stty min 0 time 1
    dd bs=$batch count=1 iflag=fullblock >>b
    frame || stty "$before"
}

leave() { # give the line back
    for one in p.*; do [ ! -e "$one" ] || kill -TERM -"$(cat "$one")"; done
    for one in ?.[0-9]*; do rm -f "$one"; done
    rm -f x.* b c f g z out err pack late in.* list.*
    stty "$settings"
}

main() {
    settings=$1 home=$PWD
    line=$(tty)
    folder=${TMPDIR:-/tmp}/rpikit-$(id -u)-${line##*/}
    mkdir -p "$folder"
    [ -O "$folder" ] && [ ! -h "$folder" ] && cd "$folder" || return 0
    choose
    stty min 0 time 1
    trap leave EXIT
    trap 'exit 0' HUP TERM
    tell 5 $kind $$ $batch
    while get; do
        size_of b
        if [ $size -le $batch ] && frame; then
            :
        elif [ -n "$sink" ]; then
            cat b >>"$sink" && report b $length && length=$((length + size))
        else
            tell 4 0 0 0
            strange=$((strange + 1))
            [ $strange -lt 40 ] || break
            continue
        fi
        strange=0
    done
}

main "$@"
exit 0
