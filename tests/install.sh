#!/usr/bin/env bash
# install.sh - `cmake --install` into a folder of its own; the example outside the tree builds against it with CMake and with
# pkg-config, and runs. The installation is moved in between, and neither it nor the example writes into the tree.
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

cp -r "$DSGD_SOURCE/examples/external" "$work/example"
cmake -S "$work/example" -B "$work/example/build" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 || fail "find_package: $(cat "$work/log")"
cmake --build "$work/example/build" >"$work/log" 2>&1 || fail "example with CMake: $(cat "$work/log")"
! grep -i warning "$work/log" || fail 'the example has warnings'
"$work/example/build/rounding" >"$work/cmake.txt" || fail 'the example does not run'

PKG_CONFIG_PATH=${lib}/pkgconfig
export PKG_CONFIG_PATH
read -r -a flags <<<"$(pkg-config --cflags --libs dsgd)"
cc -std=c11 -O2 -ffp-contract=off "$work/example/rounding.c" "${flags[@]}" -lm -o "$work/rounding" || fail 'example with pkg-config'
LD_LIBRARY_PATH=$lib "$work/rounding" >"$work/pkg.txt" || fail 'the example does not run'
cmp "$work/cmake.txt" "$work/pkg.txt" || fail 'the two builds print different results'

# d = 1000: 4000 bytes of floats; 4 bytes of scale and 1000 b / 8 of levels.
for line in 'sgd - 4000.0' 'rounding 2 254.0' 'rounding 4 504.0' 'rounding 8 1004.0'; do
    read -r name bits bytes <<<"$line"
    grep -qE "^$name +$bits .* $bytes bytes" "$work/cmake.txt" || fail "expected $line in: $(cat "$work/cmake.txt")"
done
# unbiased: with 8 bits nearly sgd's error, from f(0) - f* above 1
awk '{ gap[$1 $2] = $6 } END { exit !(gap["sgd-"] < 0.1 && gap["rounding8"] < 1.2 * gap["sgd-"] && gap["rounding8"] > gap["sgd-"] / 1.2) }' \
    "$work/cmake.txt" || fail "errors of the example: $(cat "$work/cmake.txt")"

tree >"$work/after"
cmp "$work/before" "$work/after" || fail "the tree has changed: $(diff "$work/before" "$work/after" | head -5)"
cat "$work/cmake.txt"
