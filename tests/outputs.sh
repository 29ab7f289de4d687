#!/usr/bin/env bash
# outputs.sh - results whose labels, titles, paths and configurations hold any bytes: every output keeps its columns and lines,
# nothing drives the terminal, and programs get the text back. Then -o FILE of the commands that print results.
# shellcheck disable=SC2015 # fail returns 0
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DSGD_CACHE=$work/optima
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import csv, json' 2>/dev/null || { echo 'no python3'; exit 77; }

cat >q.conf <<'CONF'
problem = quadratic
quadratic { d = 20 kappa = 4 sigma = 1 }
algorithm = sgd
steps = 30
step { constant = 0.02 }
CONF

# --- any bytes ------------------------------------------------------------------------------------------------------------

"$python" - "$DSGD" "$DSGD_ODD_RESULT" <<'PYTHON' || fail 'texts in outputs, see above'
import csv, io, json, os, re, subprocess, sys, unicodedata
dsgd, odd_result = sys.argv[1:]
bad = 0

def fail(*words):
    global bad
    bad += 1
    print("FAILED:", *words)

def is_control(c):
    n = ord(c)
    return n < 32 or 127 <= n < 160 or n in (0x2028, 0x2029, 0x61c, 0x200e, 0x200f) or 0x202a <= n <= 0x202e or 0x2066 <= n <= 0x2069

def clean(output, what, tabs=False):
    """Text without anything that drives a terminal; tabs only where they separate columns."""
    try:
        text = output.decode("utf-8")
    except UnicodeDecodeError as error:
        fail(what, "is not UTF-8:", error)
        return output.decode("utf-8", "replace")
    for c in set(text):
        if is_control(c) and c != "\n" and not (tabs and c == "\t"):
            fail(what, "prints a raw", ascii(c))
    return text

def run(*arguments, tabs=False, code=0):
    done = subprocess.run([dsgd.encode(), *[a if isinstance(a, bytes) else a.encode() for a in arguments]], capture_output=True)
    what = "dsgd " + " ".join(ascii(a) for a in arguments)
    if done.returncode != code:
        fail(what, "exit code", done.returncode, "expected", code, done.stderr)
    clean(done.stderr, what + " on stderr")
    return clean(done.stdout, what, tabs)

def make(path, seed, **texts):
    pairs = [k.encode() + b"=" + v for k, v in texts.items()]
    subprocess.run([odd_result.encode(), path, str(seed).encode(), *pairs], check=True)

def undo(cell):
    """What docs/reading.md says of a cell, as bytes."""
    known = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\"}
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda m: bytes([int(m[1][1:], 16)]) if m[1][:1] == b"x" else known[m[1]], cell.encode())

def rows(text):
    """Rows as csv and pandas read them by default: quotes count; the comments of curve's blocks do not."""
    return [r for r in csv.reader(io.StringIO(text), delimiter="\t") if r and not r[0].startswith("#")]

def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)

def markdown(cell):
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell.strip())

texts = [b"a|b", b"a\\|b|", b"tab\tline\nend\r", b"\n# label: forged", b"\x1b[31mred\x1b[0m", "\u00e9 \u5b57 \U0001f600".encode(), b'"quoted', b"it's `x` \"y\"", b"#hash",
         b"back\\tslash \\x1b \\", b"<b>*x*</b>_y_[l](u)&amp;", b"\xff\xfe broken \xc3", b"\x7f\xc2\x85\xe2\x80\xae\xe2\x80\xa8", b",;=1+1", "\u5b57".encode() * 21, b"-", b"%s%n"]
locale = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout
wide = any(name.lower().replace("-", "") == "c.utf8" for name in locale.split())
make(b"p1.h5", 1, label=b"plain")
make(b"p2.h5", 2, label=b"plain")
for n, text in enumerate(texts):
    make(b"a1.h5", 1, label=text)
    make(b"a2.h5", 2, label=text)
    files = ("a1.h5", "a2.h5", "p1.h5", "p2.h5")
    shown = None
    # tab-separated: rows of one length, and the label back
    table = rows(run("table", "--tsv", *files, tabs=True))
    if {len(r) for r in table} != {19} or len(table) != 3: fail("table --tsv of", text, "has rows of", [len(r) for r in table])
    elif undo(table[1][0]) != text: fail("table --tsv of", text, "says", table[1][0])
    points = rows(run("curve", "--tsv", *files, tabs=True))
    if len({len(r) for r in points}) != 1 or undo(points[1][0]) != text: fail("curve --tsv of", text, "says", points[:2])
    # Markdown: cells between bars that are not escaped
    lines = [l for l in run("table", "--markdown", *files).split("\n") if l.startswith("|")]
    cells = [re.split(r"(?<!\\)(?:\\\\)*\|", l) for l in lines]
    if {len(c) for c in cells} != {13} or len(lines) != 4: fail("table --markdown of", text, "has cells", [len(c) for c in cells])
    block = run("show", "a1.h5").split("\n")
    shown = re.match(r"  run            (.*): sgd on quadratic, seed 1$", block[1])
    if not shown or len(block) != 13: fail("show of", text, "says", block[:4])
    elif markdown(cells[2][1]) != shown[1]: fail("table --markdown of", text, "shows", cells[2][1])
    # fixed width: the columns behind the label begin at one place
    for command, word in ((("show", "--each"), "complete"), (("table",), "  sgd ")):
        places = {columns(l[:l.rindex(word)]) for l in run(*command, *files).split("\n") if word in l and "algorithm and keys" not in l}
        if wide and len(places) != 1: fail(*command, "of", text, "is not aligned:", places)
    run("show", *files)
    # one comment a curve
    curve = run("curve", *files, tabs=True)
    if len(re.findall(r"^# label: ", curve, re.M)) != 2: fail("curve of", text, "has other than two labels")
    if len({len(r) for r in rows(curve)}) != 1: fail("curve of", text, "has rows of different lengths")
    # JSON
    expected = text.decode("utf-8", "surrogateescape")
    expected = re.sub("[\udc80-\udcff]", "\ufffd", expected)
    for answer in (json.loads(run("show", "--json", *files)), json.loads(run("show", "--json", "--each", *files))):
        if answer["runs"][0]["label"] != expected: fail("show --json of", text, "says", ascii(answer["runs"][0]["label"]))
    # the same text as the name of a file
    if b"/" in text: continue
    name = b"n" + text + b".h5"
    make(name, 3, label=b"named")
    table = rows(run("export", name, "p1.h5", tabs=True))
    if len({len(r) for r in table}) != 1 or undo(table[1][0]) != name: fail("export of", name, "says", table[1][:1])
    if json.loads(run("show", "--json", name))["runs"][0]["label"] != "named": fail("show --json of", name)
    for command in (("digest", name), ("show", name)):
        if not run(*command): fail(*command)
    # ... and where it is not there: one sentence
    done = subprocess.run([dsgd.encode(), b"show", b"gone" + name], capture_output=True)
    sentence = clean(done.stderr, "the sentence on " + ascii(name))
    if done.returncode != 2 or sentence.count("\n") != 1: fail("show of a missing", name, done.returncode, sentence)

# all other texts of a result, and any text as configuration
hostile = b"\x1b]0;x\x07\t\n| `<\xff"
for field in ("problem", "dataset", "dataset_title", "algorithm", "dataset_sha256", "column", "config"):
    for text in (hostile, b"=", b"=\n = \n{\n}=", b"", b"sgd {\nmomentum = \x1b\n\tx = |") if field == "config" else (hostile,):
        make(b"f1.h5", 1, **{field: text}, label=b"one")
        make(b"f2.h5", 2, **{field: text}, label=b"two", **({} if field == "config" else {"config": b"steps = 3\n"}))
        for command in (("show",), ("show", "--each"), ("show", "--json"), ("table",), ("table", "--markdown")):
            run(*command, "f1.h5", "f2.h5")
        for command in (("table", "--tsv"), ("curve",), ("curve", "--minus-optimum"), ("curve", "--tsv"), ("export",)):
            lengths = {len(r) for r in rows(run(*command, "f1.h5", "f2.h5", tabs=True))}
            if len(lengths) != 1: fail(*command, "with", field, text, "has rows of", lengths)
        lines = [l for l in run("table", "--markdown", "f1.h5", "f2.h5").split("\n") if l.startswith("|")]
        if {len(re.split(r"(?<!\\)(?:\\\\)*\|", l)) for l in lines} != {13}: fail("table --markdown with", field, text)
        run("diff", "f1.h5", "p1.h5", code=1 if field == "column" else 0)

# commands on configurations
odd = b"r\x1b[1m\xff\n.h5"
run("run", "q.conf", "-o", odd)
run("run", "q.conf", "-o", odd)
run("run", "q.conf", "--dry-run", "-o", odd)
run("run", "q.conf", "--json", "-o", odd)
run("data", "-d", b"d\x1b[1m\xff")
json.loads(run("data", "--json", "-d", b"d\x1b[1m\xff"))
for arguments in (("run", b"a\x1b\xff.conf"), ("run", "q.conf", b"b\x1b\r\xff"), ("run", b"--c\x1b\xff"), (b"d\x1b\xff",), ("list", b"e\x1b\xff"),
                  ("run", "q.conf", "--set", b"f\x1b=1"), ("export", "--table", b"g\x1b\xff", "p1.h5"), ("sweep", b"h\x1b\xff.sweep")):
    run(*arguments, code=2)
# labels that a configuration may say
for n, label in enumerate(("a|b", "\u5b57 \u00e9", "it's", "<b>", "local_topk")):
    run("run", "q.conf", "-q", "--set", "label=" + label, "-o", f"set{n}.h5")
    table = rows(run("table", "--tsv", f"set{n}.h5", tabs=True))
    if len(table) != 2 or undo(table[1][0]) != label.encode(): fail("--set label =", label, table)
# one way to write what is no number
make(b"nan.h5", 1, label=b"nan")
row = rows(run("table", "--tsv", "nan.h5", tabs=True))[1]
if row[6:8] != ["NaN", "NaN"]: fail("a problem without test error:", row)
sys.exit(bad != 0)
PYTHON

# --- -o FILE ----------------------------------------------------------------------------------------------------------------

for seed in 1 2; do "$DSGD" run q.conf -q --set seed=$seed -o s$seed.h5 || fail "run: exit code $?"; done
before=$("$DSGD" digest s1.h5)
# to_file COMMAND...: the file is what stdout was, and a last line that says so; it replaces itself, and nothing else
to_file()
{
    local code
    rm -f out.txt
    "$DSGD" "$@" >stdout.txt || fail "dsgd $*: exit code $?"
    "$DSGD" "$@" -o out.txt >more.txt || fail "dsgd $* -o: exit code $?"
    [ ! -s more.txt ] || fail "dsgd $* -o prints too"
    case "$*" in
    *--json*) "$python" -c 'import json; a = json.load(open("out.txt")); del a["end_sha256"]; assert a == json.load(open("stdout.txt"))' ||
        fail "dsgd $* -o: another JSON" ;;
    *--tsv* | export*) sed '1s/\tsha256=[0-9a-f]\{64\}$//' out.txt | cmp -s - stdout.txt || fail "dsgd $* -o: another text"
       head -n 1 out.txt | grep -q 'sha256=[0-9a-f]\{64\}$' || fail "dsgd $* -o: header $(head -n 1 out.txt)"
       grep -q '^#' out.txt && fail "dsgd $* -o: a comment in a table for programs" ;;
    *) head -n -1 out.txt | cmp -s - stdout.txt || fail "dsgd $* -o: another text"
       tail -n 1 out.txt | grep -q 'end .*sha256=[0-9a-f]\{64\}' || fail "dsgd $* -o: last line $(tail -n 1 out.txt)" ;;
    esac
    "$DSGD" show s2.h5 -o out.txt || fail "the output of dsgd $* is not recognised"
    echo 'mine' >out.txt
    "$DSGD" "$@" -o out.txt 2>err; code=$?
    [ $code -eq 2 ] && grep -q 'out.txt was not written by this version of dsgd' err && [ "$(cat out.txt)" = mine ] || fail "dsgd $* -o over a user's file: $code $(cat err)"
    "$DSGD" "$@" -o s1.h5 2>err; code=$?
    [ $code -eq 2 ] && [ "$("$DSGD" digest s1.h5)" = "$before" ] || fail "dsgd $* -o over a result: $code $(cat err)"
    "$DSGD" "$@" >/dev/full 2>err; code=$?
    [ $code -eq 3 ] && grep -q 'standard output' err || fail "dsgd $* to a full device: $code $(cat err)"
}
to_file show s1.h5
to_file show s1.h5 s2.h5
to_file show --each s1.h5 s2.h5
to_file show --json s1.h5 s2.h5
to_file table s1.h5 s2.h5
to_file table --tsv s1.h5 s2.h5
to_file table --markdown s1.h5 s2.h5
to_file table --json s1.h5 s2.h5
to_file curve s1.h5 s2.h5
to_file curve --tsv s1.h5 s2.h5
to_file curve --json s1.h5 s2.h5
to_file export s1.h5 s2.h5
"$DSGD" show s1.h5 -o '' 2>err; [ $? -eq 2 ] || fail "-o '': $(cat err)"
"$DSGD" show s1.h5 -o . 2>err; [ $? -eq 2 ] || fail "-o of a folder: $(cat err)"

[ $failures -eq 0 ] && echo 'outputs: as they should be'
exit $((failures > 0))
