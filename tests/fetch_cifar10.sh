#!/usr/bin/env bash
# fetch_cifar10.sh - scripts/fetch-cifar10.sh against a server on 127.0.0.1 that fails as servers do. A small archive with sums of its own
# stands for CIFAR-10; the server logs path and Range of each request, so that resuming is seen.
# shellcheck disable=SC2015 # fail returns 0
set -u
for tool in curl python3 flock tar; do
    command -v $tool >/dev/null || { echo "fetch_cifar10: $tool is not installed, skipped"; exit 77; }
done
work=$(mktemp -d)
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
fetch=$DSGD_SOURCE/scripts/fetch-cifar10.sh

cat >"$work/server.py" <<'PYTHON'
# server.py FOLDER - writes the archive and the sums, prints its port, serves until its input ends (or for 200 s).
import hashlib, http.server, io, os, random, sys, tarfile, threading, time
folder = sys.argv[1]
names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
plain = {name: random.Random(name).randbytes(40000) for name in names}
def pack(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
inside = [("cifar-10-batches-bin/" + name, plain[name]) for name in names]
body = pack([("../escaped", b"outside"), ("cifar-10-batches-bin/readme.html", b"more")] + inside)
other = pack([(name, data[::-1]) for name, data in inside])
open(folder + "/archive.tar.gz", "wb").write(body)
open(folder + "/other.tar.gz", "wb").write(other)
with open(folder + "/sums", "w") as sums, open(folder + "/sums-other", "w") as sums_other:
    for name in names:
        open(f"{folder}/{name}", "wb").write(plain[name])
        for out in sums, sums_other:
            out.write(f"{hashlib.sha1(plain[name]).hexdigest()}  {name}\n")
    sums.write(hashlib.md5(body).hexdigest() + "  cifar-10-binary.tar.gz\n")
    sums_other.write(hashlib.md5(other).hexdigest() + "  cifar-10-binary.tar.gz\n")
log = open(folder + "/log", "a", buffering=1)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *arguments):
        pass
    def do_GET(self):
        mode = self.path.strip("/").split("/")[0]
        asked = self.headers.get("Range")
        log.write(f"{mode} {asked or 'whole'}\n")
        data = {"wrong": other, "page": b"<html>no such file</html>"}.get(mode, body)
        first = int(asked.split("=")[1].split("-")[0]) if asked else 0
        if mode == "missing" or first >= len(data):
            self.send_response(404 if mode == "missing" else 416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if asked else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        whole = asked or mode not in ("cut", "stops")
        self.wfile.write(data[first:] if whole else data[first:first + 100000])
        self.wfile.flush()
        if not whole and mode == "stops":
            time.sleep(60)
        self.close_connection = True

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
limit = threading.Timer(200, os._exit, [1])
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
cd "$work" || exit 1
unset DSGD_DATA http_proxy HTTP_PROXY ALL_PROXY all_proxy
export TMPDIR=$work no_proxy='*' CURL_HOME=$work DSGD_CIFAR10_SUMS=$work/sums
names=(data_batch_1.bin data_batch_2.bin data_batch_3.bin data_batch_4.bin data_batch_5.bin test_batch.bin)
folder=data/cifar-10-batches-bin private=data/.dsgd-fetch-cifar10

begin() { rm -rf data; : >log; } # an empty data folder, an empty log
# attempt CODE MODE...: one call with these addresses
attempt()
{
    local code=$1 got=0 mode urls=
    shift
    for mode in "$@"; do urls+=" http://127.0.0.1:$port/$mode/cifar-10-binary.tar.gz"; done
    DSGD_CIFAR10_URLS=$urls timeout 60 "$fetch" >out 2>err || got=$?
    [ "$got" -eq "$code" ] || fail "$*: exit code $got, expected $code: $(cat err)"
}
said() { local word; for word in "$@"; do grep -qF -- "$word" out err || fail "no '$word' in: $(cat out err)"; done; }
# complete CASE: the six files and nothing else, neither beside them nor above
complete()
{
    local name
    for name in "${names[@]}"; do cmp -s "$folder/$name" "$name" || fail "$1: $name is missing or wrong"; done
    [ "$(find data -mindepth 1 | wc -l)" -eq 7 ] || fail "$1: left $(find data)"
    [ ! -e escaped ] && [ ! -e data/escaped ] || fail "$1: a name in the archive leads outside"
}
nothing_placed() { [ ! -e $folder ] || fail "$1: placed $(ls $folder)"; }

begin # good: what it does is said; again: no request, nothing written
attempt 0 good
complete good
said '170 MB' 'MD5 as published' 'SHA-1 as published'
before=$(stat -c '%n %i %Y %Z' $folder/*)
: >log
attempt 0 good
[ ! -s log ] && [ "$(stat -c '%n %i %Y %Z' $folder/*)" = "$before" ] || fail "a second call did something: $(cat log)"

begin # broken off: the same call goes on there
attempt 0 cut
complete 'cut'
said 'broke off after 100000 bytes' 'goes on with'
grep -qx 'cut bytes=100000-' log || fail "cut: not resumed: $(cat log)"

begin # another archive, a page, no file: nothing is unpacked, the next address is asked
for mode in wrong page missing; do
    attempt 3 $mode
    nothing_placed $mode
    said 'not got from any'
    [ ! -e $private/archive ] || fail "$mode: left its archive"
done
attempt 0 missing page wrong good
complete 'three bad addresses, then a good one'
said 'got MD5' 404

begin # an archive with the published MD5 and other files in it cannot be; it is refused all the same
DSGD_CIFAR10_SUMS=$work/sums-other attempt 3 wrong
said 'data_batch_1.bin in the archive: SHA-1' 'expected SHA-1'
nothing_placed 'other files in the archive'

begin # the user's own download is taken, and stays
mkdir data && cp archive.tar.gz data/cifar-10-binary.tar.gz
attempt 0 missing
[ ! -s log ] || fail "a request although the archive is there: $(cat log)"
cmp -s archive.tar.gz data/cifar-10-binary.tar.gz || fail 'the archive of the user is gone or changed'
rm data/cifar-10-binary.tar.gz
complete 'own download'
begin
mkdir data && echo mine >data/cifar-10-binary.tar.gz
attempt 2 good
said 'data/cifar-10-binary.tar.gz: is there and is MD5' 'move it away'
[ "$(cat data/cifar-10-binary.tar.gz)" = mine ] || fail "the user's archive was touched"

begin # a file of the user: a right one stays, plain or packed; a wrong one ends it; what cannot be read hides no right plain file
mkdir -p $folder
cp data_batch_2.bin $folder
gzip -c data_batch_4.bin >$folder/data_batch_4.bin.gz
inode=$(stat -c %i $folder/data_batch_2.bin)
attempt 0 good
[ "$(stat -c %i $folder/data_batch_2.bin)" = "$inode" ] && [ ! -e $folder/data_batch_4.bin ] || fail 'a right file of the user was replaced'
rm $folder/data_batch_1.bin
attempt 0 good
cmp -s $folder/data_batch_1.bin data_batch_1.bin || fail 'one missing'
echo mine >$folder/data_batch_3.bin
: >log
attempt 2 good
said 'data_batch_3.bin: is there and is SHA-1' 'move it away'
[ "$(cat $folder/data_batch_3.bin)" = mine ] && [ ! -s log ] || fail "a wrong file of the user was touched, or something fetched: $(cat log)"
cp data_batch_3.bin $folder
printf '\037\213rubbish' >$folder/data_batch_3.bin.gz
attempt 0 good
for kind in fifo folder dangling; do
    rm -rf $folder/test_batch.bin
    case $kind in
    fifo) mkfifo $folder/test_batch.bin ;;
    folder) mkdir $folder/test_batch.bin ;;
    dangling) ln -s nowhere $folder/test_batch.bin ;;
    esac
    attempt 2 good
    said 'test_batch.bin: is there and is no regular file'
done

begin # links in place of folders and of what the script writes: nothing is written where they lead
mkdir -p data elsewhere
ln -s "$work/elsewhere" $folder
attempt 2 good
said 'a symbolic link'
rm $folder
ln -s "$work/elsewhere" $private
attempt 2 good
rm $private
mkdir -m 700 $private
echo mine >victim
for kind in -s ''; do
    # shellcheck disable=SC2086 # no option is no word
    ln $kind "$work/victim" $private/archive
    attempt 2 good
    rm $private/archive
done
[ -z "$(ls elsewhere)" ] && [ "$(cat victim)" = mine ] || fail "written where a link leads: $(ls elsewhere)"
rm -rf $private
begin # complete, it may be reached through a link
attempt 0 good
mv $folder real && ln -s ../real $folder
attempt 0 missing
rm -rf data real

begin # a full disk
(trap '' XFSZ; ulimit -f 60; attempt 3 good; exit $failures) || failures=$((failures + 1))
said 'cannot be written'
nothing_placed 'full disk'
attempt 0 good
complete 'full disk, then space'

begin # interrupted: what has arrived stays, a second call is refused meanwhile, and the same command goes on
DSGD_CIFAR10_URLS=http://127.0.0.1:$port/stops/x timeout 60 "$fetch" >out 2>err &
first=$!
for _ in $(seq 400); do [ "$(stat -c %s $private/archive 2>/dev/null || echo 0)" -ge 50000 ] && break; sleep 0.02; done
DSGD_CIFAR10_URLS=http://127.0.0.1:$port/good/x "$fetch" >/dev/null 2>second
[ $? -eq 2 ] && grep -q 'another process' second || fail "a second call: $(cat second)"
kill -TERM "$first"
wait "$first"
said 'interrupted; what has arrived stays'
nothing_placed interrupted
size=$(stat -c %s $private/archive)
: >log
attempt 0 good
complete 'interrupted and resumed'
grep -qx "good bytes=$size-" log || fail "not resumed after the interruption: $(cat log)"

begin # bad input
for words in DSGD_CIFAR10_URLS=ftp://somewhere/ 'DSGD_CIFAR10_URLS=  ' DSGD_CIFAR10_SUMS=none; do
    env "$words" "$fetch" >out 2>err
    [ $? -eq 2 ] && grep -q "${words%%=*}" err || fail "$words: $(cat err)"
done
"$fetch" more 2>err
[ $? -eq 2 ] && [ ! -e data ] || fail 'an argument is accepted, or a refused call left a folder'
: >file
env DSGD_DATA=file "$fetch" 2>err
[ $? -eq 3 ] && grep -q 'file: cannot be made' err || fail "a data folder that cannot be made: $(cat err)"
mkdir 'my data' # a blank in the name
DSGD_DATA='my data' DSGD_CIFAR10_URLS=file://$work/archive.tar.gz "$fetch" >out 2>err || fail "file://: $(cat err)"
cmp -s "my data/cifar-10-batches-bin/test_batch.bin" test_batch.bin || fail 'a data folder with a blank'

[ $failures -eq 0 ] && echo 'fetch_cifar10: all checks passed'
exit $((failures > 0))
