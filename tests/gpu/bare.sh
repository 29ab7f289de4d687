#!/usr/bin/env bash
# bare.sh PACKED COMMAND... - runs a command in a folder that has a C library, a shell and the packed programs, and nothing else. Needs root.
set -euo pipefail
packed=$(cd "${1:?expected a packed folder}" && pwd)
shift
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/lib64" "$root/lib/x86_64-linux-gnu" "$root/bin" "$root/tmp" "$root/proc" "$root/dev"
cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2; do
    cp -L "/lib/x86_64-linux-gnu/$name" "$root/lib/x86_64-linux-gnu/"
done
cp -L /bin/sh "$root/bin/"
cp -r "$packed" "$root/packed"
cat >"$root/run.sh" <<END
export LD_LIBRARY_PATH=/packed/lib DSGD_CUDA_LIBRARY=/packed/lib/libdsgd_cuda.so DSGD_DATA=/packed/data
$*
END
# The mounts end with this command.
export root
# shellcheck disable=SC2016 # expanded by the inner shell
unshare -m /bin/sh -c 'mount --bind /proc "$root/proc" && mount --bind /dev "$root/dev" && exec chroot "$root" /bin/sh /run.sh'
