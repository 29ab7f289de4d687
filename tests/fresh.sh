#!/usr/bin/env bash
# fresh.sh [--full] [--uncommitted] [--clean] - the README's two commands on a Debian 12 that has nothing but git and make.
#
# Makes a minimal Debian 12 with debootstrap in build/fresh (or $DSGD_FRESH), clones this repository into it, below a path
# with a blank, and checks there:
#   - an ordinary user without sudo gets exit code 2 and the exact line to type, which apt-get can do, and no file changes;
#   - as root both commands install what is missing and succeed;
#   - the second `mnist` takes less than 5 s and changes no file; the second `test` compiles nothing and runs every test.
# --full         figure 5 in full instead of QUICK=1
# --uncommitted  what is changed and not ignored in the working tree comes along (the clone has only commits)
# --clean        removes the base system and the packages too, which otherwise stay for the next time
#
# Needs root, debootstrap and a working apt: its sources, proxy, keys and certificates are copied. Half an hour on 2 cores, 3 GB.
# Not part of any suite. Exit code 0 if all checks passed, 1 if one did not, 2 if it cannot run here.
# shellcheck disable=SC2317 # functions that `check` and `trap` call
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD

quick=QUICK=1 uncommitted=no clean=no
for argument in "$@"; do
    case $argument in
    --full) quick='' ;;
    --uncommitted) uncommitted=yes ;;
    --clean) clean=yes ;;
    *) printf "fresh: argument %s: expected --full, --uncommitted or --clean\n" "$argument" >&2; exit 2 ;;
    esac
done
cannot() { printf 'fresh: %s\n' "$*" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || cannot 'expected root (for chroot and mounts)'
for tool in debootstrap unshare git apt-get; do
    command -v $tool >/dev/null || cannot "$tool is missing: apt-get install debootstrap util-linux git"
done

fresh=${DSGD_FRESH:-$source/build/fresh}
case $fresh in /*) ;; *) fresh=$source/$fresh ;; esac
base=$fresh/base debs=$fresh/debs root=$fresh/machine logs=$fresh/logs
clone='/srv/a clone/dsgd' # a blank, and readable for everybody
mkdir -p "$fresh" "$debs/partial" "$logs"
exec 9>"$fresh/lock"
flock -n 9 || cannot "another fresh.sh works in $fresh"
tidy()
{
    rm -rf "$root"
    if [ "$clean" = yes ]; then rm -rf "$base" "$base.new" "$debs"; fi
}
trap tidy EXIT

failures=0
summary=()
note() { summary+=("$*"); printf 'fresh: %s\n' "$*"; }
check() # check TEXT COMMAND...
{
    local text=$1
    shift
    if "$@"; then note "ok      $text"; else note "FAILED  $text"; failures=$((failures + 1)); fi
}

# inside USER COMMAND: a shell command in the machine. Mounts and processes end with it.
inside()
{
    # shellcheck disable=SC2016 # for the shell inside
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive "${proxy[@]}" \
        unshare --mount --pid --fork --kill-child bash -c '
            set -euo pipefail
            root=$1 debs=$2 user=$3 command=$4
            mount -t proc proc "$root/proc"
            for node in null zero full random urandom; do
                [ -e "$root/dev/$node" ] || : >"$root/dev/$node"
                mount --bind "/dev/$node" "$root/dev/$node"
            done
            mkdir -p "$root/dev/shm"
            mount -t tmpfs tmpfs "$root/dev/shm"
            mount --bind "$debs" "$root/var/cache/apt/archives"
            home=$(awk -F: -v u="$user" "\$1 == u { print \$6 }" "$root/etc/passwd")
            exec env HOME="$home" USER="$user" chroot --userspec="$user" --groups= "$root" bash -c "$command"
        ' bash "$root" "$debs" "$1" "$2" 9>&- </dev/null
}

# As this machine reaches its mirror, so does the fresh one: variables and files, whatever they name.
proxy=()
while IFS= read -r -d '' variable; do
    case ${variable%%=*} in
    [hH][tT][tT][pP]_* | [hH][tT][tT][pP][sS]_* | [nN][oO]_[pP][rR][oO][xX][yY] | SSL_CERT_FILE | SSL_CERT_DIR) proxy+=("$variable") ;;
    esac
done < <(env -0)
copy_apt()
{
    cp -a /etc/ssl "$1/etc/"
    for folder in /usr/share/ca-certificates /usr/local/share/ca-certificates /usr/share/keyrings /etc/apt/keyrings \
        /etc/apt/trusted.gpg.d /etc/apt/auth.conf.d; do
        [ -d "$folder" ] || continue
        mkdir -p "$1$folder"
        cp -a "$folder/." "$1$folder/"
    done
    for variable in "${proxy[@]}"; do
        case $variable in SSL_CERT_FILE=*) mkdir -p "$1$(dirname "${variable#*=}")"; cp -L "${variable#*=}" "$1${variable#*=}" ;; esac
    done
    cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
    rm -f "$1/etc/apt/sources.list"
    [ ! -e /etc/apt/sources.list ] || cp /etc/apt/sources.list "$1/etc/apt/"
    mkdir -p "$1/etc/apt/sources.list.d"
    cp -a /etc/apt/sources.list.d/. "$1/etc/apt/sources.list.d/"
    # how to fetch; what is done before and after belongs to programs of this machine
    apt-config dump | grep -E '^Acquire::' | grep -v -E '^Acquire::IndexTargets|^Acquire::Changelogs|""' >"$1/etc/apt/apt.conf.d/90fetch" || true
}

# --- The machine ---------------------------------------------------------------------------------------------------------

started=$SECONDS
if [ ! -e "$base/etc/debian_version" ]; then
    # shellcheck disable=SC2016 # apt-get's own substitution
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | sed -n 1p)
    [ -n "$mirror" ] || cannot 'apt has no source of Debian 12 (bookworm)'
    printf 'fresh: makes a minimal Debian 12 (log: %s)\n' "$logs/debootstrap.txt"
    rm -rf "$base.new"
    if ! debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$base.new" "$mirror" >"$logs/debootstrap.txt" 2>&1; then
        tail -n 5 "$logs/debootstrap.txt" >&2
        cannot 'debootstrap failed, see above'
    fi
    rm -f "$base.new"/var/cache/apt/archives/*.deb
    mv "$base.new" "$base"
fi
rm -rf "$root"
cp -a "$base" "$root"
copy_apt "$root"
chroot "$root" useradd --create-home visitor

git clone --quiet --no-hardlinks "$source" "$root$clone"
if [ $uncommitted = yes ]; then
    git ls-files -z --modified --others --exclude-standard |
        while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        tar -c --null --no-recursion -T - | tar -x -C "$root$clone"
    git ls-files -z --deleted | (cd "$root$clone" && xargs -0 -r rm -f)
fi
note "Debian $(cat "$root/etc/debian_version") with git and make, $(chroot "$root" dpkg-query -W | wc -l) packages; clone of \
$(git rev-parse --short HEAD)$([ $uncommitted = no ] || echo ' with uncommitted changes')"
nothing_there()
{
    ! chroot "$root" bash -c 'command -v cc || command -v gcc || command -v clang || command -v nvcc || command -v cmake || command -v gnuplot' \
        >/dev/null && [ ! -e "$root/usr/include/hdf5.h" ] && [ ! -e "$root/usr/include/stdio.h" ]
}
check 'no compiler, no nvcc, no cmake, no library of ours at the start' nothing_there
# every file of the clone with size and time; git's own files may be refreshed by git
files() { (cd "$root$clone" && find . -path ./.git -prune -o -type f -printf '%p\t%s\t%T@\n' | sort); }

# command NUMBER USER TARGET LOG: one make in the clone; sets code and took
command_in_clone()
{
    local from=$SECONDS
    code=0
    inside "$1" "cd '$clone' && make -f Makefile.experiments $2" >"$logs/$3.txt" 2>&1 || code=$?
    took=$((SECONDS - from))
}

# --- Without rights to install -------------------------------------------------------------------------------------------

files >"$fresh/before"
inside root 'apt-get update' >"$logs/update.txt" 2>&1 || { tail -n 5 "$logs/update.txt" >&2; cannot 'apt-get update fails in the fresh machine'; }
for target in mnist test; do
    command_in_clone visitor $target "visitor-$target"
    check "$target as an ordinary user without sudo: exit code 2" [ $code -eq 2 ]
    line=$(sed -n 's/^setup: packages are missing, please type as root: //p' "$logs/visitor-$target.txt")
    check "$target says the line to type ($(wc -w <<<"$line") words)" [ -n "$line" ]
    check 'apt-get can do that line (simulated)' inside root "{ ${line/apt-get install/apt-get install --simulate}; } >/dev/null"
done
files >"$fresh/after"
check 'no file of the clone changed' cmp -s "$fresh/before" "$fresh/after"

# --- As root, both commands twice ----------------------------------------------------------------------------------------

command_in_clone root "mnist $quick" mnist-1
check "mnist ${quick:-in full}, first call: exit code $code, $took s (packages, build, runs, figure)" [ $code -eq 0 ]
[ $code -eq 0 ] || tail -n 20 "$logs/mnist-1.txt"
pictures() { [ -s "$root$clone/$(sed -n 's/^pictures: \([^,]*\),.*/\1/p' "$logs/mnist-1.txt")" ]; }
check "its pictures are there: $(sed -n 's/^pictures: \([^,]*\),.*/\1/p' "$logs/mnist-1.txt")" pictures
note "        results: $(du -sh --apparent-size "$root$clone/results" | cut -f1), build: $(du -sh --apparent-size "$root$clone/build" | cut -f1)"
if grep -q 'NOT MNIST' "$logs/mnist-1.txt"; then note '        made from Fashion-MNIST, and said so'; fi

files >"$fresh/before"
command_in_clone root "mnist $quick" mnist-2
files >"$fresh/after"
fast_again() { [ "$code" -eq 0 ] && [ "$took" -lt 5 ]; }
check "mnist, second call: exit code $code, $took s (expected less than 5)" fast_again
check 'the second call changed no file' cmp -s "$fresh/before" "$fresh/after"
diff "$fresh/before" "$fresh/after" | head -n 5 || true

ran() { grep -E '^[0-9]+% tests passed' "$logs/$1.txt" | sed -E 's/.* out of ([0-9]+).*/\1/' | paste -sd+; }
command_in_clone root test test-1
check "test, first call: exit code $code, $took s" [ $code -eq 0 ]
[ $code -eq 0 ] || grep -E 'Failed|Not Run|Timeout|does not build|error' "$logs/test-1.txt" | head -n 20 || true
sed -n '/^== Summary/,$p' "$logs/test-1.txt" | tail -n +2 | while IFS= read -r text; do printf 'fresh:         %s\n' "$text"; done
command_in_clone root test test-2
check "test, second call: exit code $code, $took s" [ $code -eq 0 ]
nothing_compiled() { ! grep -q 'files compiled' "$logs/test-2.txt"; }
check 'the second call compiled nothing' nothing_compiled
same_tests() { [ -n "$(ran test-1)" ] && [ "$(ran test-1)" = "$(ran test-2)" ]; }
check "it ran every test again: $(ran test-2)" same_tests

# --- Summary -------------------------------------------------------------------------------------------------------------

printf '\n== Summary (%d min, logs in %s)\n' $(((SECONDS - started) / 60)) "${logs#"$source"/}"
printf '%s\n' "${summary[@]}"
if [ $failures -eq 0 ]; then echo 'fresh: all checks passed'; else echo "fresh: $failures checks FAILED"; fi
exit $((failures > 0))
