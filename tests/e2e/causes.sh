# Goal of this test: what goes wrong outside is named by its cause, where people look for it: an address in use, an
# address of the hub that is none, nobody there, a web page in its place, an invitation that was used, a full disk, a
# terminal that was closed.
set -eu
. tests/e2e/lib.inc
hub
village 1
must run v1 roster import "$data/village-1/roster.csv" --as head
wait_for 20 settled v1 || fail "village does not settle"
set_key() { sed -i "s|^$2 = .*|$2 = $3|" "$work/$1/config.ini"; } # node key value

# --- addresses that a program cannot listen on ---------------------------------------------------------------
refuses() { # node pattern: it does not start, exits 3 and says so
	exits 3 env LANGUAGE=zh "$czd" --dir "$work/$1"
	grep -q "$2" "$work/out" || fail "$1: not \"$2\": $(cat "$work/out")"
	! grep -q '磁盘' "$work/out" || fail "$1: blames the disk: $(cat "$work/out")"
}
stop v1
set_key v1 http "127.0.0.1:$hub_port"
refuses v1 '地址已被别的程序占用'
set_key v1 http '203.0.113.7:7180'
refuses v1 '本机没有这个地址'
set_key v1 http ''
must run hub2 init hub --name Second --code 500101998 --domain e2e2.example --listen "127.0.0.1:$hub_port" --operator office
refuses hub2 '地址已被别的程序占用'

# --- no connection to the hub, and why --------------------------------------------------------------------------
says() { # address pattern
	set_key v1 hub "$1"
	start v1
	wait_for 10 grep_status "$2" || fail "hub = $1: $(run v1 status)"
	stop v1
}
grep_status() { run v1 status | grep -q "no connection to the hub: .*$1"; }
for address in "127.0.0.1：$hub_port" "http://127.0.0.1:$hub_port" 127.0.0.1 "127.0.0.1：80:$hub_port"; do
	: >"$work/v1.log"
	says "$address" 'is not host:port'
	grep -q 'is not host:port' "$work/v1.log" || fail "hub = $address: not in the log"
done
free_port nobody
says "127.0.0.1:$nobody" 'nobody listens at'
says 'no-such-host.invalid:7100' 'cannot be found'
free_port web
stop hub
set_key hub http "127.0.0.1:$web"
start hub
wait_for 10 run hub status || fail "the hub does not come back"
says "127.0.0.1:$web" 'answers with a web page'
free_port other
set_key hub2 listen "127.0.0.1:$other"
start hub2
wait_for 10 run hub2 status || fail "the other hub does not run"
says "127.0.0.1:$other" 'ended the connection without an answer'
stop hub2
set_key v1 hub "127.0.0.1:$hub_port"
start v1
wait_for 10 settled v1 || fail "the village does not come back"
run v1 status | grep -q 'no connection' && fail "connected, and a reason why not"

# --- an option that is missing -------------------------------------------------------------------------------------
exits 2 run v1 notice make assessment -o "$work/paper.html"
grep -q -- 'a day is missing.*--from' "$work/out" || fail "a notice without its period: $(cat "$work/out")"

# --- a folder of another user ------------------------------------------------------------------------------------
if [[ $(id -u) == 0 ]]; then
	chmod 755 "$work"
	mkdir "$work/bin"
	cp "$cz" "$czd" "$work/bin"
	for command in "$work/bin/cunzhang --dir $work/v1 status" "$work/bin/cunzhang --dir $work/v1 verify" \
		"$work/bin/cunzhangd --dir $work/v1"; do
		# shellcheck disable=SC2086
		exits 3 setpriv --reuid 65534 --regid 65534 --clear-groups $command
		grep -q 'permission denied.*run as the user' "$work/out" || fail "$command: $(cat "$work/out")"
	done
fi

# --- an invitation that was used ----------------------------------------------------------------------------------
must run copy init village --invitation "$work/invite1" --operator head
start copy
told() { run copy status | grep -q 'An invitation holds once'; }
wait_for 10 told || fail "nobody says that the invitation was used: $(run copy status)"
stop copy

# --- a terminal that was closed -------------------------------------------------------------------------------------
for signal in HUP USR1 USR2; do
	kill -$signal "$pid_v1"
	wait_for 10 grep -q "signal $(kill -l $signal): going on" "$work/v1.log" || fail "nothing in the log about SIG$signal"
done
must run v1 operator add deputy --role recorder --as head

kill -QUIT "$pid_v1"
wait "$pid_v1" || fail "SIGQUIT is no orderly stop"
start v1
wait_for 10 run v1 status || fail "the village does not come back after SIGQUIT"

# --- a full disk ------------------------------------------------------------------------------------------------------
stop v1
free_port web
set_key v1 http "127.0.0.1:$web"
start v1
health() { curl -s -o "$work/null" -w '%{http_code}' "http://127.0.0.1:$web/healthz"; }
is_health() { [[ $(health) == "$1" ]]; }
wait_for 10 is_health 200 || fail "not healthy at the start"
prlimit --pid "$pid_v1" --fsize="$(stat -c %s "$work/v1/store/data.mdb"):unlimited" || fail "prlimit"
record() {
	run v1 entry record --household 05001 --item D101 --day "2025-06-$1" --place yard --reason "monthly check" \
		--evidence 照片 --as recorder
}
for ((day = 10; day < 30; day++)); do record $day >"$work/out" 2>&1 || break; done
run v1 status >"$work/status"
((day < 30)) || fail "the disk never got full"
is_health 503 || fail "a full disk is $(health)"
grep -q 'is full' "$work/status" || fail "status says nothing of it: $(cat "$work/status")"
prlimit --pid "$pid_v1" --fsize=unlimited:unlimited
wait_for 10 is_health 200 || fail "still $(health) when there is room"
must record 30
wait_for 20 settled v1 || fail "the village does not settle at the end"
must run v1 verify
