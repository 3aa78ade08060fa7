# Goal of this test: a year of each sample village goes through record, review and confirm by three people; the
# accounts equal an independent sum; the same file imported again changes nothing; a kill -9 of every node loses
# nothing; all feeds end up recorded, held and cosigned.
set -eu
. tests/e2e/lib.inc
independent_sum() {
	awk -v RS='\r?\n' '
		function cut(line, out,   i, c, q, n, f) {
			n = 1; f = ""; q = 0
			for (i = 1; i <= length(line); i++) {
				c = substr(line, i, 1)
				if (c == "\"") q = !q
				else if (c == "," && !q) { out[n++] = f; f = "" }
				else f = f c
			}
			out[n] = f
			return n
		}
		FNR == 1 { next }
		NR == FNR { cut($0, a); value[a[1]] = a[3] * a[6]; next }
		length($0) { cut($0, a); sum[a[2]] += value[a[4]] }
		END { for (h in sum) printf "%s %.2f\n", h, sum[h] }' \
		"$data/catalogue.csv" "$data/village-$1/entries-2025.csv" | sort
}
taking_part() { awk -F, 'FNR > 1 && $13 == "是" {print $1}' "$data/village-$1/roster.csv" | sort -u; }
accounts() { run "v$1" account --json | jq -r '.[] | "\(.household) \(.balance)"' | sort; }
hub
for v in 1 2 3; do
	village $v
	must run v$v roster import "$data/village-$v/roster.csv" --as head
	must run v$v entry import "$data/village-$v/entries-2025.csv" --accept \
		--as recorder --review-as reviewer --confirm-as confirmer
	# R27 R40
	diff <(independent_sum $v) <(accounts $v | grep -v ' 0.00$') || fail "accounts of village $v"
	# R69 I6
	diff <(taking_part $v) <(accounts $v | cut -d' ' -f1) || fail "households of village $v"
done
for n in v1 v2 v3 hub; do wait_for 60 settled $n || fail "$n does not settle"; done

same=$(accounts 1 | sha256sum)
run v1 entry import "$data/village-1/entries-2025.csv" --accept --as recorder --review-as reviewer \
	--confirm-as confirmer >"$work/out" 2>&1
# R59
[[ $(accounts 1 | sha256sum) == "$same" ]] || fail "importing the same file again changed accounts"

for n in v1 v2 v3 hub; do
	run $n status --json | jq -S '[.feeds[] | {feed, size}]' >"$work/before-$n"
	stop $n KILL
done
for n in hub v1 v2 v3; do start $n; done
for n in hub v1 v2 v3; do
	wait_for 20 run $n status || fail "$n does not start after kill -9"
	diff "$work/before-$n" <(run $n status --json | jq -S '[.feeds[] | {feed, size}]') || fail "$n lost entries"
	must run $n verify
done
for n in v1 v2 v3 hub; do wait_for 60 settled $n || fail "$n does not settle after kill -9"; done
for n in v1 v2 v3; do
	[[ ! -e $work/$n/enrol.key && ! -e $work/$n/enrol.entry ]] || fail "$n keeps its invitation key"
done
