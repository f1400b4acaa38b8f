# shellcheck shell=sh disable=SC2154
# What is on this host? Variables: id, pack, own_sum (SHA-256 of the app's farcelld).
say system "$(uname -s)"
say machine "$(uname -m)"
say node "$node"
tell_kernel() { say kernel "$1"; }
if read_server; then
    for_kernels tell_kernel
    [ -e "$state/sessions.json" ] && say sessions "$(cat "$state/sessions.json")"
    # Its socket may have been swept away.
    if [ -S "$server_socket" ]; then
        say_server
        [ "$(field id)" = "$id" ] && exit 0
    fi
fi
say glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
for tool in tar gzip sha256sum; do
    command -v "$tool" >/dev/null || say missing "$tool"
done
[ -d "$data/$id" ] && say installed yes
best=0
for part in "$data/upload-$pack".*; do
    [ -e "$part" ] || continue
    owner=${part##*.}
    [ -n "$(started "$owner")" ] && continue # somebody is sending it
    size=$(wc -c <"$part")
    [ "$size" -gt "$best" ] && best=$((size)) && say partial "$best $part"
done
for program in "$(command -v farcelld)" /usr/bin/farcelld /usr/local/bin/farcelld; do
    [ -n "$program" ] && [ -x "$program" ] || continue
    case $(sha256sum "$program" 2>/dev/null) in
        "$own_sum "*) "$program" --version >/dev/null 2>&1 && say program "$program" && break ;;
    esac
done
# shellcheck disable=SC2046
set -- $(df -Pk "$HOME" 2>/dev/null | tail -n 1)
say free_kib "$4"

use_terminal_environment "$(terminal_environment)"
python=$(command -v python3 || command -v python)
if [ -n "$python" ]; then
    say python "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
    "$python" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("ipykernel"))' \
        2>/dev/null && say ipykernel yes
fi
for kernels in "$HOME/.local/share/jupyter" /usr/local/share/jupyter /usr/share/jupyter; do
    for spec in "$kernels"/kernels/*/kernel.json; do
        [ -e "$spec" ] && say kernelspec "$spec"
    done
done
[ -n "$JUPYTER_PATH" ] && say kernelspec "$JUPYTER_PATH"
exit 0
