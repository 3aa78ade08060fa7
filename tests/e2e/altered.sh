# Goal of this test: one bit changed behind the daemon's back, in any table, in any row we try, makes verify say so
# with exit 4; undoing it makes verify clean again.
set -eu
. tests/e2e/lib.inc
hub
village 1
must run v1 roster import "$data/village-1/roster.csv" --as head
must run v1 entry record --household 05001 --item D101 --day 2025-06-01 --place yard --reason "monthly check" \
	--evidence 照片 --as recorder
wait_for 20 settled v1 || fail "village does not settle"
must run v1 verify
stop v1 # so that nothing else writes
tried=0
[[ $("$tools/tamper" "$work/v1" meta count) == 0 ]] || fail "rows in meta, and none of them is tried" # nothing is put there
for table in feed entry tree txid note verdict state; do
	rows=$("$tools/tamper" "$work/v1" $table count) || fail "$table"
	((rows)) || fail "no row in $table"
	step=$(((rows + 5) / 6))
	for ((row = 0; row < rows; row += step)); do
		"$tools/tamper" "$work/v1" $table $row || fail "tamper $table $row"
		rv=0
		run v1 verify --json >"$work/out" 2>&1 || rv=$?
		((rv == 4)) || fail "$table row $row altered: exit $rv: $(cat "$work/out")"
		jq -e '(.ok | not) and (.problems | length > 0) and all(.problems[]; has("feed") and has("entry") and
			(.reason | length > 0))' "$work/out" >/dev/null || fail "$table row $row: $(cat "$work/out")"
		"$tools/tamper" "$work/v1" $table $row || fail "tamper $table $row back"
		tried=$((tried + 1))
	done
done
must run v1 verify
((tried >= 30)) || fail "only $tried rows tried"
echo "$tried rows tried"
# The first row of the state is the number of its format. Of a newer one: the daemon refuses and changes nothing. Of
# none that can be read: it folds the state again from the entries, an altered account, too.
"$tools/tamper" "$work/v1" state 0 6 || fail "tamper state 0"
exits 3 timeout 20 "$czd" --dir "$work/v1"
grep -q "newer cunzhangd" "$work/out" || fail "a store of a newer format: $(cat "$work/out")"
"$tools/tamper" "$work/v1" state 0 6 || fail "tamper state 0 back"
must run v1 verify
"$tools/tamper" "$work/v1" state 0 7 || fail "tamper state 0"
"$tools/tamper" "$work/v1" state last || fail "tamper state last"
start v1
wait_for 20 run v1 status || fail "does not start on a store of an older format"
grep -q "folded again" "$work/v1.log" || fail "no word of folding again"
must run v1 verify

# A guard that cannot be read: the daemon says so, shows what it has, and writes nothing.
stop v1
guard=$work/v1/guard
cp "$guard" "$work/guard.good"
printf x | dd of="$guard" bs=1 seek=3 conv=notrunc status=none
printf x | dd of="$guard" bs=1 seek=106499 conv=notrunc status=none
exits 4 run v1 verify
start v1
wait_for 20 run v1 account 05001 || fail "a node with a damaged guard shows nothing"
run v1 status --json >"$work/out" || fail "status with a damaged guard"
jq -e '.halted_name == "GUARD_DAMAGED"' "$work/out" >/dev/null || fail "status: $(cat "$work/out")"
run v1 entry record --household 05001 --item D101 --day 2025-06-02 --place yard --reason "monthly check" \
	--evidence 照片 --as recorder >"$work/out" 2>&1 && fail "it writes without its guard"
stop v1
cp "$work/guard.good" "$guard"
start v1
must run v1 verify
