#!/usr/bin/env bash
# fault_shim_selftest.sh - tests/fault_shim.c does to dd, truncate, mv, ln and rm what its head says.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# LD_PRELOAD splits its text at blanks, and a clone's path may have some.
shim=$dir/fault_shim.so
cp "${DSGD_FAULT_SHIM:?expected the path of fault_shim.so}" "$shim"
mkdir "$dir/watched" "$dir/other"
failures=0

# check WHAT ACTUAL EXPECTED
check()
{
    [ "$2" = "$3" ] && return
    printf 'FAILED %s: %s, expected %s\n' "$1" "$2" "$3"
    failures=$((failures + 1))
}

# shimmed FAULT AT COMMAND...: exit code in $status, message in $dir/stderr, number of calls in $calls (empty if none)
shimmed()
{
    local fault=$1 at=$2
    shift 2
    rm -f "$dir/count"
    status=0
    # A subshell of its own swallows the shell's notice that a child was killed.
    (env LC_ALL=C LD_PRELOAD="$shim" DSGD_FAULT_PATH="$dir/watched" DSGD_FAULT="$fault" DSGD_FAULT_AT="$at" \
        DSGD_FAULT_COUNT="$dir/count" "$@" >"$dir/stdout" 2>"$dir/stderr"
        exit $?) 2>/dev/null || status=$?
    calls=
    [ ! -e "$dir/count" ] || calls=$(cat "$dir/count")
}
write_five() # five writes of ten bytes
{
    rm -f "$dir"/watched/* "$dir"/other/*
    shimmed "$1" "$2" dd if=/dev/zero of="${3:-$dir/watched/file}" bs=10 count=5 conv=fsync status=none
    size=$(stat -c %s "${3:-$dir/watched/file}" 2>/dev/null || echo none)
}

# One open, five writes, one fsync.
write_five kill 0
check 'exit code without a fault' "$status" 0
check 'calls of dd' "$calls" 7
check 'size without a fault' "$size" 50
write_five kill 1 "$dir/other/file"
check 'exit code on another path' "$status" 0
check 'calls on another path' "$calls" ''

sizes=
for ((n = 1; n <= 7; ++n)); do
    write_five kill $n
    check "exit code, kill at $n" "$status" 137
    sizes+="$size "
done
check 'sizes after kills' "$sizes" 'none 0 10 20 30 40 50 '
write_five kill 8
check 'exit code, kill after the last call' "$status" 0

sizes=
for ((n = 1; n <= 7; ++n)); do
    write_five kill-half $n
    check "exit code, kill-half at $n" "$status" 137
    sizes+="$size "
done
check 'sizes after half writes' "$sizes" 'none 5 15 25 35 45 50 '

for fault in enospc eio; do
    text='No space left on device'
    [ $fault = enospc ] || text='Input/output error'
    for ((n = 1; n <= 6; ++n)); do
        write_five $fault $n
        check "exit code, $fault at $n" "$status" 1
        check "message, $fault at $n" "$(grep -o -m 1 "$text" "$dir/stderr")" "$text"
    done
done
check 'size after eio at the last write' "$size" 40
write_five enospc 7
check 'fsync on a full disk' "$status" 0

write_five short 3
check 'exit code, short' "$status" 0
check 'calls, short' "$calls" 8
check 'size, short' "$size" 50

# One failure, the calls after it are done; which calls count.
export DSGD_FAULT_ERROR=EDQUOT
for ((n = 1; n <= 7; ++n)); do
    write_five once $n
    check "exit code, once at $n" "$status" 1
    check "message, once at $n" "$(grep -o 'Disk quota exceeded' "$dir/stderr" | head -n 1)" 'Disk quota exceeded'
done
export DSGD_FAULT_KINDS='sync close'
write_five once 0
check 'calls that are fsync or close' "$calls" 3
write_five once 2
check 'a failing close' "$status $size" '1 50'
export DSGD_FAULT_KINDS=link
shimmed once 1 ln "$dir/watched/file" "$dir/watched/linked"
check 'ln' "$status $(ls "$dir/watched")" '1 file'
export DSGD_FAULT_KINDS=mkdir
shimmed once 1 mkdir "$dir/watched/folder"
check 'mkdir' "$status $(ls "$dir/watched")" '1 file'
unset DSGD_FAULT_KINDS
export DSGD_FAULT_ERROR=EPERM
shimmed once 1 rm "$dir/watched/file"
check 'an unknown error' "$status" 2

# Other calls, and paths relative to the working directory.
write_five kill 0
cd "$dir/watched"
shimmed enospc 1 truncate -s 20 "$dir/watched/file"
check 'a shorter file on a full disk' "$status $(stat -c %s file)" '0 20'
shimmed enospc 1 truncate -s 90 file
check 'a longer file on a full disk' "$status $(stat -c %s file)" '1 20'
shimmed kill 1 mv file renamed
check 'mv' "$status $(ls)" '137 file'
shimmed eio 1 mv -T file ../other/moved
check 'mv to another folder' "$status $(ls)" '1 file'
shimmed kill 1 ln -s nowhere symlink
check 'a symbolic link is not counted' "$status" 0
shimmed kill 1 rm file
check 'rm' "$status $(ls)" '137 file
symlink'
shimmed other 1 rm file
check 'an unknown fault' "$status" 2

[ $failures -eq 0 ] || exit 1
echo 'fault_shim: every fault happened at the call that was named'
