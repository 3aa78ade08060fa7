# Goal of this test: what old or foreign records hold steers neither a terminal nor a table: names with escape
# sequences, marks that turn text round, and what spreadsheets take for formulas.
set -u
. tests/e2e/lib.inc
mkdir -p "$work/v1"
: >"$work/v1/config.ini"
evil=$'\xc2\x9b31mC1\xc2\x85nel\xe2\x80\xae99.98\x1b[2J'
answer() { # JSON, command...: what the command prints about it
	printf '%s' "$1" >"$work/json"
	rm -f "$work/v1/sock"
	"$tools/answer" "$work/v1/sock" "$work/json" 1 &
	local pid=$!
	shift
	wait_for 5 test -S "$work/v1/sock" || fail "the node does not answer"
	"$@" >"$work/shown" 2>&1 || fail "$*: $(cat "$work/shown")"
	wait "$pid" || fail "the answer was not fetched"
}
harmless() { # file: no control but the line feed, nothing that turns text
	! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]' "$1" ||
		fail "it steers: $(cat -v "$1")"
}
json=$(jq -nc --arg n "$evil" '{household: "05001", head_name: $n, group: "5", balance: "1.00", earned: "1.00", deducted: "0.00",
	redeemed: "0.00", transferred: "0.00", latest: [],
	people: [{member: 1, name: $n, relation: $n, birth: "", since: ""}]}')
answer "$json" run v1 account 05001
harmless "$work/shown"
grep -q 'C1' "$work/shown" || fail "the name is gone: $(cat "$work/shown")"
answer "$json" run v1 account 05001 --json
harmless "$work/shown"
[[ $(jq -r .head_name "$work/shown") == "$evil" ]] || fail "a program reads another name"
json=$(jq -nc --arg n "$evil" '{columns: [{label: "a"}, {label: $n}],
	rows: [["=1+1", $n], ["＝1+1", "  @x"], ["-1", "a,\"b"]], title: $n}')
answer "$json" run v1 table households --csv "$work/t.csv"
sed -i '1s/^\xef\xbb\xbf//; s/\r$//' "$work/t.csv"
harmless "$work/t.csv"
for cell in "'=1+1" "'＝1+1" "'  @x" "'-1"; do
	grep -qF "\"$cell\"" "$work/t.csv" || fail "no apostrophe before $cell: $(cat "$work/t.csv")"
done
answer "$json" run v1 table households
harmless "$work/shown"
