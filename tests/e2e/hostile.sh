# Goal of this test: hostile bytes cost a hub one connection each, a line in the log and no memory, and harm
# nobody else.
set -eu
. tests/e2e/lib.inc
hub
village 1
must run v1 roster import "$data/village-1/roster.csv" --as head
wait_for 20 settled v1 || fail "village does not settle"

# what the process alone has written to; shared pages count for whoever else maps them
memory() { awk '/^Private_Dirty:/ {print $2}' "/proc/$pid_hub/smaps_rollup"; }
stop v1 # the insider modes use its key
modes="bomb garbage oversized empty wrong-network stranger in-flipped in-truncated in-bomb"
for mode in $modes; do "$tools/hostile" "$hub_port" "$mode" 5 "$work/v1" || fail "$mode"; done
before=$(memory)
for mode in $modes; do
	"$tools/hostile" "$hub_port" "$mode" 60 "$work/v1" || fail "$mode"
done
after=$(memory)
case $BIN in
*asan* | *tsan*) ;; # the sanitizers keep freed memory on purpose
*) ((after - before < 512)) || fail "memory grew from $before to $after kB" ;;
esac
grep -q 'belongs to no village' "$work/hub.log" || fail "no line about an unknown key in the hub's log"
lines=$(wc -l <"$work/hub.log")
((lines > 20)) || fail "only $lines lines in the hub's log"
start v1
wait_for 10 run v1 status || fail "the village does not start again"
must run v1 entry record --household 05001 --item D101 --day 2025-06-01 --place yard \
	--reason "monthly check" --evidence 照片 --as recorder
wait_for 30 settled v1 || fail "the village is harmed"
wait_for 10 settled hub || fail "the hub is harmed"
must run hub verify
echo "memory before $before kB, after $after kB; $lines log lines"
