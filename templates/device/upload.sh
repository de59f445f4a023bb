{# SPDX-License-Identifier: MIT #}
# What is on its way to the board: one archive, in the file `incoming`, whichever guest it is for.
# One that broke off stays, also over a boot: it goes on if it is the beginning of the next one.

drop_upload() { # leave nothing of it behind
    rm -f "$base/incoming" "$base/incoming.new"
}

detach_upload() { # have nobody write to it any more: who did may be cut off, and not know it yet
    [ -f "$base/incoming" ] || return 0
    cp "$base/incoming" "$base/incoming.new" && mv -f "$base/incoming.new" "$base/incoming" ||
        drop_upload
}

read_partial() { # set partial: how many bytes of an upload are there
    partial=0
    [ ! -f "$base/incoming" ] || partial=$(wc -c <"$base/incoming")
}

tell_partial() { # say where the upload goes, and what of one is there already
    echo "incoming=$base/incoming"
    [ "$missing" -gt 0 ] || drop_upload
    detach_upload
    read_partial
    if [ "$partial" -gt 0 ] && sum=$(sha256sum <"$base/incoming"); then
        echo "partial=$((partial)) ${sum%% *}"
    fi
}

require_room() { # fail unless there is room for what is missing
    read_free
    read_partial
    wanted=$((2 * missing / 1024 + 64)) # the upload and what comes out of it
    [ -n "$free" ] && [ $((free + partial / 1024)) -lt $wanted ] || return 0
    drop_upload
    read_free
    fail $BOARD "no space left in $home: $free KiB are free, $wanted are needed" \
        'make room on the board'
}

unpack() { # UPLOAD: fill slot `new` with what was uploaded, if that has this SHA-256
    [ -n "$1" ] || return 0
    sum=$(sha256sum <"$base/incoming") 2>/dev/null
    [ "${sum%% *}" = "$1" ] ||
        fail $VERIFICATION 'what was uploaded: its SHA-256 is not that of what was sent' 'flash again'
    complaint=$(gzip -dc <"$base/incoming" 2>/dev/null | tar -x -m -f - -C "$slots/new" 2>&1)
    case $complaint in
    *'No space left'* | *'quota exceeded'*) fail_write 'no space left on the device' ;;
    esac
    drop_upload
    assemble_all
}
