{# SPDX-License-Identifier: MIT #}
# Slots a and b hold a firmware each, `new` the one on its way in; `current` is the selected one.
# A slot is whole if every file has the SHA-256 that its {{ sums }} says.

sync_home() { # have everything that we wrote on the disk before the next step
    sync -f "$base" 2>/dev/null || sync
}

read_selected() { # set slot (a, b or nothing) and idle, the other one
    slot=$(readlink "$home/current" 2>/dev/null)
    slot=${slot#slots/}
    case $slot in a) idle=b ;; *) idle=a ;; esac
}

select_slot() { # SLOT: point `current` at it in one step
    rm -f "$home/current.new"
    ln -s "slots/$1" "$home/current.new" && mv -f -T "$home/current.new" "$home/current" ||
        fail_write
    sync_home
}

check_slot() { # SLOT: fail unless it is whole
    [ -n "$1" ] || fail $BOARD 'has no firmware yet' 'rpikit flash'
    [ -s "$slots/$1/{{ sums }}" ] || fail $VERIFICATION "slot $1 holds no whole firmware" 'flash it'
    if ! sums=$(cd "$slots/$1" && sha256sum -c {{ sums }} 2>/dev/null); then
        bad=$(printf '%s\n' "$sums" | sed -n '/: OK$/d;s/: .*//p' | head -n 1)
        fail $VERIFICATION "$slots/$1/${bad:-file}: its SHA-256 is not the one in the manifest" \
            'flash again'
    fi
}

read_held() { # set held: a line `SHA-256  GUEST/slots/SLOT/FILE` for every file in all slots
    held=$(cd "$base/guests" && sha256sum */slots/[ab]/* 2>/dev/null)
}

find_held() { # SHA-256: set file to one with this content, below guests; false if there is none
    file=${held#*"$1  "}
    [ "$file" != "$held" ] || return 1
    file=${file%%
*}
}

fetch_held() { # FILES [whole]: copy into `new` what the slots hold, list its sums, set missing (bytes)
    missing=0
    while read -r sha size mode name; do
        if find_held "$sha"; then
            cp "$base/guests/$file" "$slots/new/$name" && chmod "$mode" "$slots/new/$name" || fail_write
            echo "kept=$name"
        else
            missing=$((missing + size))
            echo "missing=$name"
            [ -n "${2:-}" ] || describe_old "$name" "$size"
        fi
        printf '%s  %s\n' "$sha" "$name" >>"$slots/new/{{ sums }}" || fail_write
    done <<END
$1
END
}

read_free() { # set free: KiB that we may still write, nothing where df does not know
    # shellcheck disable=SC2046
    set -- $(df -Pk "$base" 2>/dev/null | tail -n 1)
    free=${4:-}
    case $free in *[!0-9]*) free= ;; esac # a header alone: df has not found the mount
}

fail_write() { # say why writing did not work
    read_free
    fail $BOARD "could not write to $base: ${1:-${free:-unknown} KiB are free}" 'make room on the board'
}

withdraw() { # leave no trace of a flash that ends here, but for what was uploaded
    find_guest # whichever we looked at last
    rm -rf "$slots/new" "$base"/lock.*
    [ -z "$guest" ] || ! rmdir "$slots" 2>/dev/null || rmdir "$run" "$home" 2>/dev/null
    unlock
}
