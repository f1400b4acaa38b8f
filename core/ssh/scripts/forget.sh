# shellcheck shell=sh disable=SC2154
# Ends the server and its kernels on this host and removes what it kept.
read_server && { stop_server || fail busy "$server_pid"; }
each_folder() {
    for folder in "$state"/kernels/*/; do
        [ -e "$folder/keeper.json" ] || continue
        keeper=$(number keeper_pid "$folder/keeper.json")
        kernel=$(number kernel_pid "$folder/keeper.json")
        if alive "$keeper" "$(number keeper_start "$folder/keeper.json")"; then
            kill "-$1" "$keeper" 2>/dev/null
            left=yes
        fi
        if [ "$1" = KILL ] && alive "$kernel" "$(number kernel_start "$folder/keeper.json")"; then
            kill -KILL "-$kernel" 2>/dev/null
            kill -KILL "$kernel" 2>/dev/null
        fi
    done
}
tries=0
while [ "$tries" -lt 70 ]; do
    left=
    if [ "$tries" -eq 0 ]; then each_folder TERM; else each_folder 0; fi
    [ -z "$left" ] && break
    tries=$((tries + 1))
    sleep 0.1
done
each_folder KILL
case $server_socket in
    /tmp/farcell-*/socket) rm -rf "${server_socket%/socket}" ;;
esac
rm -rf "$state" || fail no-folder "$state"
rmdir "${state%/*}" 2>/dev/null
# Another machine with the same home folder may still run from the copies.
others=no
for other in "$HOME"/.local/state/farcell/ssh-*; do
    [ -e "$other" ] && others=yes
done
if [ "$others" = no ]; then
    rm -rf "$data" || fail no-folder "$data"
    rmdir "${data%/*}" 2>/dev/null
fi
say forgotten yes
exit 0
