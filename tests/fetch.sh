#!/usr/bin/env bash
# fetch.sh - scripts/fetch-mnist.sh against a server on 127.0.0.1 that fails in every way a mirror can. Small files with
# sums of their own stand for MNIST; the server logs path and Range of each request, so that resuming is seen.
set -u
for tool in curl python3 flock; do
    command -v $tool >/dev/null || { echo "fetch: $tool is not installed, skipped"; exit 77; }
done
work=$(mktemp -d)
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
fetch=$DSGD_SOURCE/scripts/fetch-mnist.sh

cat >"$work/server.py" <<'PYTHON'
# server.py FOLDER - writes four files and their sums, prints its port, serves until its input ends (or for 300 s).
import gzip, hashlib, http.server, os, random, sys, threading, time
folder = sys.argv[1]
names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
plain = {name: random.Random(name).randbytes(300000 if "train-im" in name else 3000) for name in names}
packed = {name: gzip.compress(plain[name], mtime=0) for name in names}
with open(folder + "/sums", "w") as out:
    for name in names:
        out.write(f"{hashlib.sha256(plain[name]).hexdigest()}  {name}\n")
        open(f"{folder}/{name}.gz", "wb").write(packed[name])
log = open(folder + "/log", "w", buffering=1)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *arguments):
        pass
    def do_GET(self):
        mode, name = self.path.strip("/").split("/")
        name = name.removesuffix(".gz")
        asked = self.headers.get("Range")
        log.write(f"{mode} {name} {asked or 'whole'}\n")
        body = packed[name]
        if mode == "wrong":
            body = gzip.compress(b"something else" * 1000, mtime=0)
        elif mode == "repacked":  # another gzip around the same bytes
            body = gzip.compress(plain[name], mtime=1, compresslevel=1) + gzip.compress(b"", mtime=0)
        elif mode == "large":
            body = bytes(20 << 20)
        elif mode == "page":
            body = b"<html>please log in</html>"
        first = int(asked.removeprefix("bytes=").split("-")[0]) if asked and mode != "norange" else 0
        if mode in ("endless", "endless-chunks"):  # until the client goes, 1 GB at most
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{(1 << 40) - 1}/{1 << 40}")
            chunks = mode == "endless-chunks"
            if chunks:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for _ in range(1024):
                    if chunks:
                        self.wfile.write(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
                    else:
                        self.wfile.write(bytes(1 << 20))
                log.write(f"{mode} took all\n")
            except OSError:
                pass
            self.close_connection = True
            return
        if mode == "missing" or (mode == "leaves" and asked):
            self.send_error(404)
            return
        if first >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if asked and mode != "norange" else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        if mode != "unsized":
            self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        if mode == "slow":
            self.wfile.write(body[first:first + 1000])
            self.wfile.flush()
            time.sleep(1)
            first += 1000
        whole = mode not in ("cut", "leaves", "stops", "unsized") or (asked and mode in ("cut", "stops"))
        self.wfile.write(body[first:] if whole else body[first:first + (len(body) - first) // 3])
        self.wfile.flush()
        if not whole and mode == "stops":
            time.sleep(60)
        self.close_connection = True

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
limit = threading.Timer(300, os._exit, [1])
limit.daemon = True
limit.start()
print(server.server_address[1], flush=True)
sys.stdin.read()
os._exit(0)
PYTHON

coproc SERVER { exec python3 "$work/server.py" "$work"; }
server=$SERVER_PID
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$work"' EXIT
read -r -t 20 port <&"${SERVER[0]}" || { echo "FAILED: the server does not start"; exit 1; }
# A port on which nobody listens.
closed=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

cd "$work" || exit 1
unset DSGD_DATA http_proxy HTTP_PROXY ALL_PROXY all_proxy
export TMPDIR=$work no_proxy='*' CURL_HOME=$work DSGD_MNIST_SUMS=$work/sums
images=train-images-idx3-ubyte

# mirrors MODE...: their URLs; "closed" is the port without a server
mirrors()
{
    local mode urls=
    for mode in "$@"; do
        case $mode in
        closed) urls+=" http://127.0.0.1:$closed/mnist/" ;;
        *) urls+=" http://127.0.0.1:$port/$mode" ;;
        esac
    done
    printf '%s' "$urls"
}
# begin: an empty data folder, an empty log
begin() { rm -rf data; : >log; }
# attempt CODE MODE...: one call with these mirrors
attempt()
{
    local code=$1 got=0
    shift
    DSGD_MNIST_URLS=$(mirrors "$@") timeout 30 "$fetch" >out 2>err || got=$?
    [ "$got" -eq "$code" ] || fail "mirrors $*: exit code $got, expected $code: $(cat err)"
}
said() { local word; for word in "$@"; do grep -qF -- "$word" err || fail "no '$word' in: $(cat err)"; done; }
logged() { grep -qxE -- "$1" log || fail "no request '$1' in: $(cat log)"; }
# complete CASE: the four files, packed as the server has them, and nothing else
complete()
{
    local name
    while read -r _ name; do
        cmp -s "data/mnist/$name.gz" "$name.gz" || fail "$1: $name.gz is missing or wrong"
    done <sums
    [ "$(find data/mnist -type f | wc -l)" -eq 4 ] || fail "$1: left $(find data/mnist -type f)"
}
# nothing_placed CASE
nothing_placed() { ! compgen -G 'data/mnist/*-ubyte*[!t]' >/dev/null || fail "$1: placed $(echo data/mnist/*-ubyte*)"; }
private=data/mnist/.dsgd-fetch
part() { mkdir -p $private && cat >$private/$images.gz.part; }

begin # good, and again: no request, nothing written
attempt 0 good
complete good
[ "$(wc -l <log)" -eq 4 ] || fail "good: expected 4 requests: $(cat log)"
before=$(stat -c '%n %i %Y %Z' data/mnist/*)
: >log
attempt 0 good
if [ -s log ] || [ "$(stat -c '%n %i %Y %Z' data/mnist/*)" != "$before" ]; then
    fail "a second call did something: $(cat log)"
fi

rm data/mnist/t10k-labels-idx1-ubyte.gz # only what is missing
attempt 0 good
complete 'one missing'
logged 'good t10k-labels-idx1-ubyte whole'
[ "$(wc -l <log)" -eq 1 ] || fail "one missing: expected 1 request: $(cat log)"

begin # a plain file is as good as a packed one
mkdir -p data/mnist && gzip -dc "$images.gz" >"data/mnist/$images"
attempt 0 good
if [ -e data/mnist/$images.gz ] || [ "$(wc -l <log)" -ne 3 ]; then fail "plain file: $(cat log)"; fi

begin # a wrong file of the user stays as it is
mkdir -p data/mnist && echo mine >data/mnist/$images.gz
attempt 2 good
said "data/mnist/$images.gz" 'unpack to SHA-256' 'move it away'
if [ "$(cat data/mnist/$images.gz)" != mine ] || [ -s log ]; then fail "the user's file was touched"; fi

begin # 404 everywhere, and on the first mirror only
attempt 3 missing
said "$port/missing/$images.gz" 404 "$images.gz: not got"
nothing_placed 404
attempt 0 missing good
complete '404, then good'

begin # the first mirror is dead: it is asked once
attempt 0 closed good
complete 'first mirror dead'
said "$closed/mnist/$images.gz"
[ "$(grep -c "$closed" err)" -eq 1 ] || fail "a dead mirror is asked again: $(cat err)"
begin
attempt 3 closed
nothing_placed 'only a dead mirror'

begin # the connection is closed after a third: the same call goes on there
attempt 0 cut
complete truncated
said "broke off after"
third=$(($(stat -c %s $images.gz) / 3))
logged "cut $images bytes=$third-"

begin # ... or on the next mirror
attempt 0 leaves good
complete 'truncated, then another mirror'
logged "good $images bytes=$third-"

begin # closed early, and no Content-Length tells: found by unpacking
attempt 3 unsized
said 'do not unpack' "expected SHA-256"
nothing_placed 'truncated without length'
attempt 0 unsized good
complete 'truncated without length, then good'

begin # wrong sum; a page instead of a file
attempt 3 wrong
said "$port/wrong/$images.gz" 'unpack to SHA-256' "expected SHA-256 $(sed -n "s/ *$images//p" sums)"
nothing_placed 'wrong sum'
[ ! -e $private/$images.gz.part ] || fail "wrong sum: left its .part"
attempt 0 wrong page good
complete 'wrong sum, page, then good'

begin # a part from a mirror that packs differently: discarded, then whole
head -c 1000 $images.gz | part
attempt 0 repacked
logged "repacked $images bytes=1000-"
logged "repacked $images whole"
gzip -dc data/mnist/$images.gz | cmp -s - <(gzip -dc $images.gz) || fail "repacked: wrong bytes"

begin # no Range: discarded, then whole
head -c 1000 $images.gz | part
attempt 0 norange
complete 'no Range'
said 'does not go on'

begin # a part that is too long, one that is whole, one that is rubbish
cat $images.gz - <<<more | part
attempt 0 good
complete 'part too long'
begin
part <$images.gz
attempt 0 good
complete 'whole part'
! grep -q "$images" log || fail "a whole part is fetched again: $(cat log)"
begin
echo rubbish | part
attempt 0 good
complete 'rubbish in the part'
logged "good $images bytes=8-"

# A mirror that never ends, with and without a part, or announces too much: 16 MiB at most are ever on the disk, then the next
# mirror is asked. watch: the largest number of bytes that the data folder held
for mode in endless endless-chunks large; do
    for begun in 0 1000; do
        begin
        [ $begun -eq 0 ] || head -c $begun $images.gz | part
        rm -f watched
        (while [ ! -e watched ]; do du -sb data 2>/dev/null | cut -f1; sleep 0.02; done >sizes) &
        watch=$!
        attempt 0 $mode good
        touch watched
        wait $watch
        complete "$mode with $begun"
        said "$port/$mode/$images.gz: more than 16777216 bytes" 'given up'
        ! grep -q 'took all' log || fail "$mode: all was taken"
        [ "$(sort -n sizes | tail -n 1)" -lt 17825792 ] || fail "$mode with $begun: the folder held $(sort -n sizes | tail -n 1) bytes"
    done
done
begin
attempt 3 endless
nothing_placed endless
[ "$(du -sb data | cut -f1)" -lt 100000 ] || fail "endless: left $(du -ab data)"
# Files and links that are not this script's: whatever their names, they stay as they are.
planted() { [ "$(cat "$1")" = mine ] || fail "$2: the user's file is gone or changed: $1"; }
begin
mkdir -p data/mnist
for name in $images.gz.part .fetch.lock $images.gz.part.new; do echo mine >"data/mnist/$name"; done
attempt 0 good
for name in $images.gz.part .fetch.lock $images.gz.part.new; do
    planted "data/mnist/$name" 'a name as ours'
    rm "data/mnist/$name"
done
complete 'files with names as ours'
begin # links with the names of an earlier version
echo mine >victim
mkdir -p data/mnist
ln -s ../../victim data/mnist/$images.gz.part
ln -s ../../victim data/mnist/.fetch.lock
attempt 0 good
planted victim 'links with earlier names'
for name in lock $images.gz.part t10k-labels-idx1-ubyte.gz.part; do # a link in the private folder, soft or hard; a FIFO
    for kind in -s ''; do
        begin
        echo mine >victim
        mkdir -p $private
        # shellcheck disable=SC2086 # no option is no word
        ln $kind "$work/victim" $private/$name
        attempt 2 good
        said "$private/$name" 'move it away'
        planted victim "$name is a link"
        nothing_placed "$name is a link"
        [ ! -s log ] || fail "$name is a link: fetched $(cat log)"
    done
    rm "$private/$name"
    mkfifo "$private/$name"
    attempt 2 good
    said "$private/$name" 'no regular file'
done
for what in private folder; do # a link instead of a folder: nothing is written or deleted where it leads
    begin
    rm -rf elsewhere
    mkdir -p elsewhere data
    echo mine >elsewhere/lock
    echo mine >elsewhere/$images.gz.part
    if [ $what = private ]; then mkdir data/mnist; ln -s "$work/elsewhere" $private; else ln -s "$work/elsewhere" data/mnist; fi
    attempt 2 good
    [ "$(cd elsewhere && echo .[!.]* *)" = ".[!.]* lock $images.gz.part" ] || fail "$what is a link: wrote $(ls -A elsewhere)"
    planted elsewhere/lock "$what is a link"
    planted elsewhere/$images.gz.part "$what is a link"
done
begin # complete, it may be reached through a link: nothing is written
attempt 0 good
mv data/mnist real && ln -s ../real data/mnist
attempt 0 closed
rm -rf data real
mkdir -p data # a link that leads nowhere
ln -s ../nowhere data/mnist
attempt 2 good
[ ! -e nowhere ] || fail 'a link that leads nowhere was followed'
if [ "$(id -u)" -eq 0 ]; then # a private folder of another user
    begin
    mkdir -p $private && chown 1 $private
    attempt 2 good
    said "$private" 'not made by this script for you'
fi
for kind in dangling fifo folder; do # final names that are no files: they are the user's
    begin
    mkdir -p data/mnist
    case $kind in
    dangling) ln -s nowhere data/mnist/$images.gz ;;
    fifo) mkfifo data/mnist/$images.gz ;;
    folder) mkdir data/mnist/$images.gz ;;
    esac
    before=$(stat -c '%F %i' data/mnist/$images.gz)
    attempt 2 good
    said "data/mnist/$images.gz: is there and is no regular file" 'move it away'
    if [ "$(stat -c '%F %i' data/mnist/$images.gz)" != "$before" ] || [ -e data/mnist/nowhere ]; then fail "$kind: was touched"; fi
    gzip -dc $images.gz >data/mnist/$images # as in the reader: the plain file is used
    attempt 0 good
    [ "$(stat -c '%F %i' data/mnist/$images.gz)" = "$before" ] || fail "$kind beside a plain file: was touched"
done
begin # a gzip that does not unpack beside a right plain file is passed over, one with other content is not
mkdir -p data/mnist
gzip -dc $images.gz >data/mnist/$images
head -c 1000 $images.gz >data/mnist/$images.gz
attempt 0 good
cmp -s <(head -c 1000 $images.gz) data/mnist/$images.gz || fail 'a broken gzip of the user was replaced'
echo other | gzip >data/mnist/$images.gz
attempt 2 good
begin # what appears while the script fetches is the user's
mkdir -p data/mnist
DSGD_MNIST_URLS=$(mirrors slow) timeout 30 "$fetch" >out 2>err & slow=$!
for _ in $(seq 400); do [ -s $private/$images.gz.part ] && break; sleep 0.02; done
echo mine >data/mnist/$images.gz
wait $slow
code=$?
[ $code -eq 3 ] || fail "a file that appears: exit code $code: $(cat err)"
planted data/mnist/$images.gz 'a file that appears'

begin # a full disk
(trap '' XFSZ; ulimit -f 100; attempt 3 good; exit $failures) || failures=1
said "$images.gz.part" 'cannot be written'
nothing_placed 'full disk'
attempt 0 good
complete 'full disk, then space'

# Interrupted in the middle, by SIGINT to the script alone and by kill -9 to all of it; a second one is refused before.
begin
for signal in INT KILL; do
    rm -rf data
    DSGD_MNIST_URLS=$(mirrors stops) python3 - "$fetch" $signal >codes <<'PYTHON' || fail "interrupted: no .part"
import os, signal, subprocess, sys, time
part = "data/mnist/.dsgd-fetch/train-images-idx3-ubyte.gz.part"
with open("err", "w") as err:
    first = subprocess.Popen([sys.argv[1]], stdout=subprocess.DEVNULL, stderr=err, start_new_session=True,
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
end = time.monotonic() + 20
while not (os.path.exists(part) and os.path.getsize(part) >= 50000) and time.monotonic() < end:
    time.sleep(0.02)
second = subprocess.run([sys.argv[1]], capture_output=True, text=True, timeout=20)
if sys.argv[2] == "INT":
    os.kill(first.pid, signal.SIGINT)
else:
    os.killpg(first.pid, signal.SIGKILL)
print(second.returncode, "another process" in second.stderr, first.wait(20))
if sys.argv[2] == "INT":
    try:  # the script has ended its curl
        os.killpg(first.pid, signal.SIGKILL)
        print("processes left")
    except ProcessLookupError:
        pass
sys.exit(not os.path.exists(part))
PYTHON
    case $signal in
    INT) said interrupted 'same command'; expected='2 True 130' ;;
    KILL) expected='2 True -9' ;;
    esac
    [ "$(cat codes)" = "$expected" ] || fail "interrupted by $signal: '$(cat codes)', expected '$expected': $(cat err)"
    nothing_placed "interrupted by $signal"
    size=$(stat -c %s $private/$images.gz.part)
    : >log
    attempt 0 good
    complete "interrupted by $signal and resumed"
    logged "good $images bytes=$size-"
done

# bad input
begin
attempt_with()
{
    local got=0
    env "$@" timeout 20 "$fetch" >out 2>err || got=$?
    [ $got -eq 2 ] || fail "$*: exit code $got, expected 2"
}
attempt_with DSGD_MNIST_URLS=ftp://somewhere/
said ftp://somewhere/ 'https://'
attempt_with DSGD_MNIST_URLS='  '
said DSGD_MNIST_URLS
attempt_with DSGD_MNIST_SUMS=none
said none
head -n 3 sums >three
attempt_with DSGD_MNIST_SUMS=three
said t10k-labels-idx1-ubyte
"$fetch" more 2>err
[ $? -eq 2 ] || fail "an argument is accepted"
[ ! -e data ] || fail "a refused call left a folder"
: >file
env DSGD_DATA=file "$fetch" 2>err
[ $? -eq 3 ] || fail "a data folder that cannot be made: $(cat err)"
said 'file/mnist' 'writable'

# The folder may have a blank in its name, and other mirrors may be local folders.
mkdir mirror 'my data' && cp ./*-ubyte.gz mirror/
DSGD_DATA='my data' DSGD_MNIST_URLS=file://$work/mirror timeout 20 "$fetch" >out 2>err || fail "file://: $(cat err)"
cmp -s "my data/mnist/$images.gz" $images.gz || fail "a data folder with a blank"

[ $failures -eq 0 ] && echo "fetch: all checks passed"
exit $((failures > 0))
