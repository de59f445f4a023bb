{# SPDX-License-Identifier: MIT #}
# A file of which the board has another version may travel as what differs from that. `stage`
# describes the other version by a check of each block, if there are the programs for it; `unpack`
# puts the file together, step by step, and takes it only with the SHA-256 that it shall have.

DELTA_MIN={{ delta.MIN }} DELTA_MAX={{ delta.MAX }} # bytes of a file
DELTA_STEPS={{ delta.STEPS }}

find_old() { # NAME [SHA-256]: set old to another version of a file, ours first, and old_size
    for old in "$home/current/$1" "$slots/a/$1" "$slots/b/$1" "$base"/guests/*/slots/[ab]/"$1"; do
        [ -f "$old" ] || continue
        old_size=$(($(wc -c <"$old")))
        [ $old_size -ge $DELTA_MIN ] && [ $old_size -le $DELTA_MAX ] || continue
        sum=$(sha256sum <"$old")
        old_sum=${sum%% *}
        [ "$old_sum" != "${2:-$old_sum}" ] || return 0
    done
    return 1
}

print_checks() { # FILE BLOCK: a number for each whole block, of its 32-bit words
    od -An -v -tu4 "$1" | awk -v words=$(($2 / {{ delta.WORD }})) '
        {
            for (i = 1; i <= NF; i++) {
                check = (check * {{ delta.FACTOR }} + $i) % {{ delta.MODULUS }}
                if (++n == words) { printf " %.0f", check; n = check = 0 }
            }
        }'
}

describe_old() { # NAME SIZE: say what a file of this size could be made of
    [ "$2" -ge $DELTA_MIN ] && [ "$2" -le $DELTA_MAX ] || return 0
    command -v od >/dev/null && command -v awk >/dev/null && find_old "$1" || return 0
    block={{ delta.BLOCK }}
    while [ $((old_size / block)) -gt {{ delta.BLOCKS }} ]; do block=$((block * 2)); done
    echo "delta=$1 $old_sum $old_size $block$(print_checks "$old" $block)"
}

is_number() { # WORD: whether it is plain, and small enough to be added and multiplied
    case $1 in '' | 0?* | *[!0-9]* | ????????*) return 1 ;; esac
}

assemble() ( # NAME: make a file of slot `new`, or fail; nothing of a step is done before it is checked
    made=$slots/new/$1
    exec 3<"$slots/new/.steps.$1" 4<"$slots/new/.data.$1" || exit 1
    read -r from block mode total rest <&3 || exit 1
    is_number "$block" && is_number "$total" && [ -z "$rest" ] && [ -n "$from" ] || exit 1
    [ "$block" -gt 0 ] && [ "$total" -le $DELTA_MAX ] || exit 1
    case $mode in 644 | 755) ;; *) exit 1 ;; esac
    find_old "$1" "$from" || exit 1
    blocks=$((old_size / block)) steps=0 written=0
    rm -rf "$made"
    while read -r word first count rest <&3; do
        steps=$((steps + 1))
        [ $steps -le $DELTA_STEPS ] && is_number "$first" && [ -z "$rest" ] || exit 1
        case $word in
        copy)
            is_number "$count" && [ $((first + count)) -le $blocks ] || exit 1
            written=$((written + count * block))
            [ $written -le "$total" ] || exit 1
            dd if="$old" bs="$block" skip="$first" count="$count" || exit 1
            ;;
        data)
            written=$((written + first))
            [ -z "$count" ] && [ "$first" -gt 0 ] && [ $written -le "$total" ] || exit 1
            dd bs="$first" count=1 <&4 || exit 1
            ;;
        *) exit 1 ;;
        esac
    done >"$made" 2>/dev/null
    sum=$(sha256sum <"$made")
    grep -qFx -e "${sum%% *}  $1" "$slots/new/{{ sums }}" && chmod "$mode" "$made" || exit 1
    rm -f "$slots/new/.steps.$1" "$slots/new/.data.$1"
)

assemble_all() { # make every file that came as what differs
    for steps in "$slots/new"/.steps.*; do
        [ -f "$steps" ] || continue
        name=${steps##*/.steps.}
        assemble "$name" && continue
        echo "unfit=$name"
        fail $VERIFICATION "$name could not be made of another version and what differs" 'flash again'
    done
}
