#!/usr/bin/env bash
# install.sh - `cmake --install` into a folder of its own; the example program builds against it with CMake and with pkg-config, and runs;
# the plug-in does, and the installed command takes it. The installation is moved in between, and nothing of it writes into the tree.
set -euo pipefail
[ -z "${DSGD_SANITIZE:-}" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH
fail() { printf 'FAILED: %s\n' "$*"; exit 1; }
# Everything but the build folder, results and data: names, sizes, times.
tree()
{
    (cd "$DSGD_SOURCE" && find . \( -path ./build -o -path ./results -o -path ./data -o -name .git \) -prune -o -type f \
        -printf '%p %s %T@\n' | sort)
}
tree >"$work/before"

cmake --install "$DSGD_BUILD" --prefix "$work/first place" >"$work/log" || fail "cmake --install: $(cat "$work/log")"
mv "$work/first place" "$work/prefix"
prefix=$work/prefix
lib=$(dirname "$(find "$prefix" -name libdsgd.so)")
for file in bin/dsgd include/dsgd/sim/algorithm.h include/dsgd/algorithms/registry.h "${lib#"$prefix"/}/cmake/dsgd/dsgdConfig.cmake" \
    "${lib#"$prefix"/}/pkgconfig/dsgd.pc"; do
    [ -f "$prefix/$file" ] || fail "$file is not installed"
done
! grep -rlI -e "$DSGD_SOURCE" -e "$DSGD_BUILD" -e 'first place' "$prefix" || fail 'these files name folders of the build'
# Into files first: grep -q closes a pipe at the first match, and pipefail takes the writer's SIGPIPE for a failure.
"$prefix/bin/dsgd" --version >"$work/log" || fail 'the installed command does not run'
grep -q '^dsgd ' "$work/log" || fail "dsgd --version says $(cat "$work/log")"
ldd "$prefix/bin/dsgd" >"$work/log"
grep -q "$prefix/.*libdsgd" "$work/log" || fail "the installed command finds another library: $(cat "$work/log")"

# The examples are there and run from where they lie.
[ "$(cd "$prefix/share/dsgd/experiments" && find . -type f | sort)" = "$(cd "$DSGD_SOURCE/experiments" && find . -name '*.conf' -o -name '*.sweep' | sort)" ] ||
    fail 'the installed configurations are not those of the tree'
"$prefix/bin/dsgd" run "$prefix/share/dsgd/experiments/convex/quadratic.conf" --quiet --set steps=20 -o "$work/example.h5" || fail 'an installed configuration does not run'
"$prefix/bin/dsgd" show "$work/example.h5" >"$work/log" || fail 'the result of an installed configuration cannot be read'

# Each public header compiles alone, with nothing but the installation.
for header in $(cd "$prefix/include/dsgd" && find . -name '*.h' -printf '%P\n'); do
    printf '#include "%s"\nint main(void) { return 0; }\n' "$header" >"$work/alone.c"
    cc -std=c11 -Wall -Wextra -Werror -pedantic -fsyntax-only -I"$prefix/include/dsgd" "$work/alone.c" || fail "$header does not compile alone"
done

# All names of the library begin with dsgd_, and its headers and names suffice for the tree's own algorithms, as if they came from outside.
nm -D --defined-only "$lib/libdsgd.so" | awk '$2 ~ /[A-Z]/ { print $3 }' | sort >"$work/names"
[ "$(wc -l <"$work/names")" -gt 100 ] || fail "libdsgd exports $(wc -l <"$work/names") names"
! grep -v '^dsgd_' "$work/names" || fail 'libdsgd exports these names'
for algorithm in "$DSGD_SOURCE"/algorithms/*.c; do
    ! grep -q '"algorithms/sketched_sgd.h"' "$algorithm" || continue # one algorithm in several files
    cp "$algorithm" "$work/outside.c"
    cc -std=c11 -fPIC -shared -I"$prefix/include/dsgd" "$work/outside.c" -L"$lib" -ldsgd -lm -Wl,--no-undefined -o "$work/outside.so" ||
        fail "$algorithm needs more than the installed headers and library"
done

# So do problems and a dataset of the tree, from outside.
for file in convex/quadratic.c convex/logistic.c convex/svm.c datasets/synthetic.c; do
    cp "$DSGD_SOURCE/$file" "$work/outside.c"
    cc -std=c11 -fPIC -shared -D_POSIX_C_SOURCE=200809L -I"$prefix/include/dsgd" "$work/outside.c" -L"$lib" -ldsgd -lm -Wl,--no-undefined -o "$work/outside.so" ||
        fail "$file needs more than the installed headers and library"
done

cp -r "$DSGD_SOURCE/examples" "$work"
example=$work/examples/program
cmake -S "$example" -B "$example/build" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 || fail "find_package: $(cat "$work/log")"
cmake --build "$example/build" >"$work/log" 2>&1 || fail "example with CMake: $(cat "$work/log")"
! grep -i warning "$work/log" || fail 'the example has warnings'
"$example/build/compare" >"$work/cmake.txt" || fail 'the example does not run'
PKG_CONFIG_PATH=${lib}/pkgconfig
export PKG_CONFIG_PATH
read -r -a flags <<<"$(pkg-config --cflags --libs dsgd)"
cc -std=c11 -O2 -ffp-contract=off "$example/compare.c" "${flags[@]}" -o "$work/compare" || fail 'example with pkg-config'
LD_LIBRARY_PATH=$lib "$work/compare" >"$work/pkg.txt" || fail 'the example does not run'
cmp "$work/cmake.txt" "$work/pkg.txt" || fail 'the two builds print different results'
# d = 1000: 4000 bytes of floats; 50 of them, and 50 indices of 10 bits.
for line in 'sgd 4000.0' 'local_topk 263.0'; do
    read -r name bytes <<<"$line"
    grep -qE "^$name .* $bytes bytes" "$work/cmake.txt" || fail "expected $line in: $(cat "$work/cmake.txt")"
done

# The plug-in, built as its README says, in the installed command.
cd "$work/examples/external"
read -r -a flags <<<"$(pkg-config --cflags dsgd)"
cc -std=c11 -O2 -fPIC -shared -ffp-contract=off -Wall -Wextra -Werror rounding.c "${flags[@]}" -o rounding.so || fail 'the plug-in does not compile'
dsgd=$prefix/bin/dsgd
"$dsgd" list algorithms --plugin rounding.so >"$work/log" || fail 'list with a plug-in'
grep -q "from rounding.so (sha256 $(sha256sum rounding.so | cut -c1-8))" "$work/log" || fail "list does not say where rounding is from: $(cat "$work/log")"
for bits in 2 4 8; do
    "$dsgd" run rounding.conf --plugin rounding.so --set rounding.bits=$bits -o $bits.h5 --quiet || fail "rounding, $bits bits"
done
"$dsgd" run rounding.conf --set algorithm=sgd -o sgd.h5 --quiet || fail sgd
# d = 1000: 4 bytes of scale and 1000 b / 8 of levels up. Unbiased: with 8 bits nearly the error of sgd, from f(0) - f* above 1.
"$dsgd" show --json 2.h5 4.h5 8.h5 sgd.h5 --each | /usr/bin/python3 -c '
import json, sys
run = {(r["algorithm"], i): r for i, r in enumerate(json.load(sys.stdin)["runs"])}
up = [r["communication"]["wire_up"] for r in run.values()]
gap = [r["gap"] for r in run.values()]
assert up == [254.0, 504.0, 1004.0, 4000.0], up
assert gap[3] < 0.1 and gap[3] / 1.2 < gap[2] < 1.2 * gap[3], gap' || fail 'bytes or errors of the plug-in'

tree >"$work/after"
cmp "$work/before" "$work/after" || fail "the tree has changed: $(diff "$work/before" "$work/after" | head -5)"
cat "$work/cmake.txt"
