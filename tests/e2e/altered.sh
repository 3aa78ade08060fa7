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
for table in meta feed entry tree txid note verdict state; do
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
