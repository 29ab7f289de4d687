# private.sh - sourced: a folder that only this process uses, removed at its end.
# shellcheck shell=bash
#
# private_folder PARENT: sets work to PARENT/run.XXXXXX. The folder's owner and its children hold the lock in it, so process
# numbers play no part: they are equal in different containers. private_tidy PARENT removes what killed processes left there.

# Only files that the scripts here write: another one keeps the folder.
private_remove() { rm -f "$1"/{lock,cost.tsv,rules.mk,begun,finished,methods.sweep} && { rmdir "$1" 2>/dev/null || true; }; }

private_tidy()
{
    local old
    for old in "$1"/run.??????; do
        if [ -f "$old/lock" ]; then (flock -n 9 && private_remove "$old") 9<"$old/lock" || true; fi
    done 2>/dev/null
}

private_folder()
{
    local made
    made=$(mkdir -p -- "$1" 2>&1) || { printf '%s: cannot make the folder %s: %s; expected a place that can be written\n' "${0##*/}" "$1" "${made##*: }" >&2; exit 3; }
    private_tidy "$1"
    while :; do
        work=$(mktemp -d "$1/run.XXXXXX")
        exec 9>"$work/lock"
        flock 9 2>/dev/null || true # a file system without locks keeps what killed processes left
        [ ! -f "$work/lock" ] || break
    done
    trap 'private_remove "$work"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Whether make was called with -n, -q or -t: its options without an argument are the first word of MAKEFLAGS.
private_dry()
{
    local flags=${MAKEFLAGS-}
    case $flags in -* | ' '*) return 1 ;; esac
    case ${flags%% *} in *=*) return 1 ;; *[nqt]*) return 0 ;; esac
    return 1
}
