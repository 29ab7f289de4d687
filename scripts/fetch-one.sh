# shellcheck shell=bash
# fetch-one.sh - what all fetchers share: sentences, and one address that is downloaded to one file, resumed and bounded. Sourced by fetch-files.sh and
# fetch-cifar10.sh, which set `program` (in sentences), `most` (bytes of a file, a multiple of 1024), `scratch` (a folder) and `child` (empty).
# shellcheck disable=SC2154,SC2034 # the script that sources this sets them, and reads `reply` and `why`
stall_s=30 # without a byte for so long, an address is given up

# One sentence, whatever the names and replies in it.
say() { local text=$*; printf '%s: %s\n' "$program" "${text//[[:cntrl:]]/?}"; }
warn() { say "$@" >&2; }
fail()
{
    local code=$1
    shift
    warn "$@"
    exit "$code"
}

bytes_of() { stat -c %s -- "$1" 2>/dev/null || echo 0; }

# stands_in FOLDER: does this process, and is FOLDER no link? A link put there between a test and a cd would have been followed.
stands_in() { [ "$(stat -c %d:%i -- "$1" 2>/dev/null)" = "$(stat -c %d:%i .)" ]; }

# download URL PART: goes on at the end of PART. Returns curl's exit code; `reply` is the HTTP status, `why` the reason.
download()
{
    local code=0
    # In the background, so that a signal to this script alone ends it too. --max-filesize believes what the server says;
    # the limit of the process holds for servers that say nothing, and counts what is there already.
    (
        trap '' XFSZ # a write beyond the limit fails, as on a full disk
        limit=$(ulimit -f)
        if [ "$limit" = unlimited ] || [ "$limit" -gt $((most / 1024)) ]; then ulimit -f $((most / 1024)); fi
        exec curl --max-filesize "$most" --fail --silent --location --proto '=http,https,file' --proto-redir '=http,https' --connect-timeout 20 \
            --speed-limit 1 --speed-time "$stall_s" --continue-at - --output "$2" \
            --write-out '%{http_code} %{errormsg}\n' "$1"
    ) >"$scratch/reply" 2>/dev/null </dev/null &
    child=$!
    wait "$child" || code=$?
    child=
    read -r reply why <"$scratch/reply" || true
    [ -n "${why:-}" ] || why="curl ended with code $code"
    return "$code"
}
