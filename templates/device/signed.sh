{# SPDX-License-Identifier: MIT #}
# Whose firmware the board takes: once it holds allowed signers, only what one of them has signed.
# The signature is over the SHA-256 and name of every file in the slot, in the order of the names.
# $base/trust has the list, and in `security` the highest version that was selected of each guest.

trusts() { # whether the board holds allowed signers
    [ -s "$base/trust/{{ signers }}" ]
}

untrusted() { # MESSAGE [HINT]: say why the signature of a slot or a list does not count
    rm -rf "$base/trust/new.$$"
    fail $VERIFICATION "$1" "${2:-have it signed by an allowed signer of this board}"
}

check_signature() ( # NAMESPACE SIGNATURE WHAT: standard input is signed by one we allow
    command -v ssh-keygen >/dev/null ||
        fail $BOARD 'holds allowed signers, but has no program ssh-keygen' \
            'on the board: sudo apt-get install openssh-client'
    rm -rf "$base/trust/new.$$"
    mkdir "$base/trust/new.$$" || fail_write
    cat >"$base/trust/new.$$/text" || fail_write
    key=$(ssh-keygen -Y check-novalidate -n "$1" -s "$2" <"$base/trust/new.$$/text" 2>/dev/null) ||
        untrusted "$3 is not what was signed: it was altered, or its signature was" \
            'fetch it again with its signature'
    set -f # a principal may be a pattern
    for signer in $(sed 's/#.*//;s/[[:blank:]].*//;s/"//g;s/,/ /g' "$base/trust/{{ signers }}"); do
        if ssh-keygen -Y verify -n "$1" -s "$2" -f "$base/trust/{{ signers }}" -I "$signer" \
            <"$base/trust/new.$$/text" >/dev/null 2>&1; then
            rm -rf "$base/trust/new.$$"
            return
        fi
    done
    untrusted "$3 is signed with ${key##* with }, which the board does not allow, or not any more"
)

list_signed() { # print SHA-256 and name of every file of the slot in which we are
    set --
    for name in *; do
        [ -f "$name" ] && [ ! -L "$name" ] || untrusted "its $name is no file"
        case $name in {{ sums }} | {{ signature }}) ;; *) set -- "$@" "$name" ;; esac
    done
    sha256sum -- "$@"
}

read_highest() { # set highest: the highest security version that was selected of this guest
    highest=0
    [ ! -r "$base/trust/security/$guest" ] || read -r highest <"$base/trust/security/$guest"
}

require_signed() { # SLOT: fail unless the board may take the firmware in it
    trusts || return 0
    what="$(read_launch "$1" name) $(read_launch "$1" version)"
    [ -s "$slots/$1/{{ signature }}" ] || untrusted \
        "$what is not signed, and the board holds allowed signers" \
        'rpikit release signs; flash the file that it makes'
    [ "$(read_launch "$1" name)" = "$guest" ] ||
        untrusted "$what is no firmware of the guest $guest"
    signed=$(cd "$slots/$1" && list_signed) || exit
    printf '%s\n' "$signed" |
        check_signature {{ namespace }} "$slots/$1/{{ signature }}" "$what" || exit
    read_highest
    security=$(read_launch "$1" security)
    [ "${security:-0}" -ge "$highest" ] || untrusted \
        "$what has security version ${security:-0}, and $highest has been selected here" \
        'flash a release that is not older'
    expires=$(read_launch "$1" expires)
    [ -n "$expires" ] || return 0
    now=$(date +%s)
    [ "$now" -ge {{ beginning }} ] || untrusted \
        "$what expires, and the clock of the board is not set" 'set it: date -u -s @SECONDS'
    [ "$now" -lt "$expires" ] || untrusted "$what has expired" 'flash a newer release'
}

keep_security() { # SLOT: from now on nothing older than the firmware in it
    trusts || return 0
    security=$(read_launch "$1" security)
    read_highest
    [ "${security:-0}" -gt "$highest" ] || return 0
    mkdir -p "$base/trust/security" || fail_write
    printf '%s\n' "$security" >"$base/trust/security/.new" &&
        mv -f "$base/trust/security/.new" "$base/trust/security/$guest" || fail_write
    sync_home
}

number_of() { # LIST: print its number, 0 if it has none; OpenSSH takes the line for a comment
    number=$(printf '%s\n' "$1" |
        sed -n 's/^#[[:blank:]]*number[[:blank:]]\{1,\}0*\([0-9]\{1,9\}\)[[:blank:]]*$/\1/p' | head -n 1)
    echo "${number:-0}"
}

require_later() { # LIST: fail unless it comes after the one that we hold
    held=$(number_of "$(cat "$base/trust/{{ signers }}")")
    [ "$(number_of "$1")" -gt "$held" ] || untrusted \
        "holds list $held of allowed signers, and takes no other that is not later" \
        "write a line '# number $((held + 1))' into the new list, and sign that"
}

do_trust() { # [LIST SIGNATURE]: take new allowed signers, signed with a key of the old; show them
    if [ $# -gt 0 ]; then
        take_lock "trust-$$" $$ 'a change of the allowed signers' 100
        trap unlock EXIT
        mkdir -p "$base/trust" || fail_write
        if trusts && [ "$(cat "$base/trust/{{ signers }}" && echo .)" != "$1." ]; then
            [ -n "${2:-}" ] ||
                untrusted 'holds allowed signers; one of them must sign the new list' \
                    'name the key of one: --key'
            printf '%s' "$2" >"$base/trust/{{ signature }}" || fail_write
            printf '%s' "$1" |
                check_signature {{ list_namespace }} "$base/trust/{{ signature }}" 'the list' ||
                exit
            rm -f "$base/trust/{{ signature }}"
            require_later "$1"
        fi
        printf '%s' "$1" >"$base/trust/{{ signers }}.new" &&
            mv -f "$base/trust/{{ signers }}.new" "$base/trust/{{ signers }}" || fail_write
        sync_home
    fi
    trusts || return 0
    while IFS= read -r line; do echo "signer=$line"; done <"$base/trust/{{ signers }}"
    for name in $(list_guests); do
        guest=$name
        read_highest
        [ "$highest" = 0 ] || echo "security=$name $highest"
    done
}
