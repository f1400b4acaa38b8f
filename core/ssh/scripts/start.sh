# shellcheck shell=sh disable=SC2154
# Starts the server, or finds the one that another app has just started. Variables: id, program
# (empty: the unpacked one), version (a short text of it), replace (yes: end another version).
mkdir -p "$state" 2>/dev/null || fail no-folder "$state"
if command -v flock >/dev/null; then
    exec 9>"$state/start.lock"
    flock -w 60 9 || fail busy ""
fi
if read_server; then
    if [ -S "$server_socket" ] && { [ "$(field id)" = "$id" ] || [ "$replace" != yes ]; }; then
        say_server
        exit 0
    fi
    stop_server || fail busy "$server_pid"
fi
if [ -z "$program" ]; then
    (cd "$data/$id" && sha256sum -c manifest >/dev/null 2>&1) || {
        rm -rf "${data:?}/$id"
        fail damaged ""
    }
    program=$data/$id/bin/farcelld
fi
# A socket's path may have 107 bytes.
socket=$state/socket
if [ "${#socket}" -gt 100 ]; then
    socket=$(mktemp -d "/tmp/farcell-XXXXXXXX")/socket || fail no-folder /tmp
fi
log=$state/server.log
[ -e "$log" ] && mv "$log" "$log.old"
detach=
command -v setsid >/dev/null && detach=$(command -v setsid)
environment=$(terminal_environment)
(
    exec 9>&-
    use_terminal_environment "$environment"
    # Without any locale file names would be read as ASCII.
    [ -n "$LANG$LC_ALL$LC_CTYPE" ] || export LC_CTYPE=C.UTF-8
    prefix=$(python3 -c 'import sys; print(sys.prefix)' 2>/dev/null)
    if [ -d "$prefix/share/jupyter/kernels" ] && [ "$prefix" != /usr ]; then
        export JUPYTER_PATH="${JUPYTER_PATH:+$JUPYTER_PATH:}$prefix/share/jupyter"
    fi
    cd "$HOME" || exit 1
    trap '' HUP
    # shellcheck disable=SC2086
    exec $detach "$program" serve --listen "unix:$socket" --root "$HOME" --state-dir "$state" \
        </dev/null >"$log" 2>&1
) &
server_pid=$!
server_start=$(started "$server_pid")
tries=0
until grep -q '^Farcell backend ready at ' "$log" 2>/dev/null; do
    tries=$((tries + 1))
    alive "$server_pid" "$server_start" || fail ended "$(tail -n 3 "$log" 2>&1)"
    if [ "$tries" -ge 300 ]; then
        kill "$server_pid"
        fail slow "$(tail -n 3 "$log" 2>&1)"
    fi
    sleep 0.1
done
server_socket=$socket
printf 'pid %s\nstart %s\nid %s\nversion %s\nsocket %s\n' \
    "$server_pid" "$server_start" "$id" "$version" "$socket" >"$state/server.new"
mv "$state/server.new" "$state/server"
say_server
# Copies of older versions that nothing runs from any more.
for folder in "$data"/*/; do
    folder=${folder%/}
    [ -e "$folder/manifest" ] && [ "$folder" != "$data/$id" ] || continue
    # shellcheck disable=SC2010
    ls -l /proc/[0-9]*/exe 2>/dev/null | grep -qF " $folder/" || rm -rf "$folder"
done
exit 0
