# replace.sh - sourced: a document takes its new text whole or not at all.
# shellcheck shell=bash
#
# replace FILE: standard input takes its place, if it differs; rights stay, a link is followed. Sets traps of its own at EXIT,
# INT, TERM and HUP; replace_scratch, if the caller sets it, is a folder or file that is removed too.

replace_new='' replace_scratch=''
replace_end()
{
    [ -z "$replace_new" ] || rm -f -- "$replace_new"
    [ -z "$replace_scratch" ] || rm -rf -- "$replace_scratch"
}
trap replace_end EXIT
trap 'exit 130' INT TERM HUP

replace()
{
    local file
    file=$(realpath -m -- "$1")
    replace_new=$(mktemp -- "$(dirname -- "$file")/.dsgd-replace-XXXXXXXXXX")
    cat >"$replace_new"
    if [ -e "$file" ]; then
        cmp -s -- "$replace_new" "$file" && { rm -f -- "$replace_new"; replace_new=; return; }
        chmod --reference="$file" -- "$replace_new"
    else
        chmod "$(printf '%o' $((0666 & ~$(umask))))" -- "$replace_new"
    fi
    sync -- "$replace_new"
    mv -f -- "$replace_new" "$file"
    replace_new=
}
