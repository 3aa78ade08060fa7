# Goal of this test: tables as clerks bring them, through the command line: templates, sheets that a spreadsheet saved
# without its zeros, workbooks, lines of records with amounts as people write them; every refused row is named with
# the number that the spreadsheet gives it, in one run, and the trial says what the deed says.
set -eu
. tests/e2e/lib.inc
ok() { must run v1 "$@"; }
says() { # exit code, pattern, command...
	exits "$1" run v1 "${@:3}"
	grep -qE -- "$2" "$work/out" || fail "not $1 with $2: ${*:3}: $(cat "$work/out")"
}
sheet=(--as recorder --review-as reviewer --confirm-as confirmer)
today=$(china_day) yesterday=$(china_day yesterday) bom=$'\xef\xbb\xbf'
hub
village 1

# --- templates ------------------------------------------------------------------------------------------------
for name in roster entries catalogue prices adopt-catalogue kin; do
	for ending in csv xlsx; do
		ok template $name -o "$work/$name.$ending"
		[[ -s $work/$name.$ending ]] || fail "no template $name.$ending"
	done
done
says 2 'no table called "nothing"' template nothing -o "$work/x.csv"
says 1 'an example; not imported' roster import "$work/roster.xlsx" --as head --dry-run
says 1 'How to fill in.* explains the table' roster import "$work/roster.xlsx" --as head --dry-run
says 1 'there is no row to import' roster import "$work/roster.csv" --as head --dry-run
head -n 2 "$work/roster.csv" | sed 's/例：//' >"$work/filled.csv"
says 0 'would import 1 rows' roster import "$work/filled.csv" --as head --dry-run
says 0 '户主 +compared' help entry import
says 0 'cunzhang template roster' help roster import

# --- the roster, as three kinds of file --------------------------------------------------------------------------
roster=tests/data/village-1/roster.csv
says 0 'UTF-8' roster import "$roster" --as head --dry-run
sed "s/^$bom//" "$roster" | iconv -f utf-8 -t gb18030 >"$work/gb.csv"
says 0 'GB18030' roster import "$work/gb.csv" --as head --dry-run
{ printf '\xff\xfe'; sed "s/^$bom//" "$roster" | tr , '\t' | iconv -f utf-8 -t utf-16le; } >"$work/wide.txt"
says 0 'UTF-16' roster import "$work/wide.txt" --as head --dry-run
ok roster import "$roster" --as head
# a spreadsheet dropped the zeros: the same households, not 120 more
sed -E "s/^$bom//; s/^0+([0-9]+),/\1,/" "$roster" >"$work/zeros.csv"
says 0 'read as 05001' roster import "$work/zeros.csv" --as head --dry-run

# --- a sheet of an inspection round, and what a spreadsheet makes of it --------------------------------------------
round=(entry sheet --group 6 --item D101 --day "$today" --place 院坝 --reason 庭院月检)
says 1 'asks for: ' "${round[@]}" --evidence 传言 -o "$work/x.csv"
[[ ! -e $work/x.csv ]] || fail "a sheet that its import would refuse"
says 1 'counts for persons' entry sheet --group 6 --item A102 --day "$today" --place 院坝 --reason 集中学习 --evidence 签到表 -o "$work/x.csv"
says 2 'still to come' entry sheet --group 6 --item D101 --day 2199-01-01 --place 院坝 --reason 庭院月检 --evidence 照片 -o "$work/x.csv"
says 2 '"无" of --place' entry sheet --group 6 --item D101 --day "$today" --place 无 --reason 庭院月检 --evidence 照片 -o "$work/x.csv"
says 1 'item D201 .*deducts' entry sheet --group 6 --item D201 --day "$today" --place 院坝 --reason 庭院月检 --evidence 照片 -o "$work/x.csv"
ok record consent --household 06002 --takes-part yes --day "$today" --document TY-1 --as head
says 0 'is written' entry sheet --group 6 --item D101 --day "$yesterday" --place 院坝 --reason 庭院月检 --evidence 照片 -o "$work/y.csv"
grep -q ,06002, "$work/y.csv" && fail "a household that joined later"
says 0 'would import' entry import "$work/y.csv" "${sheet[@]}" --dry-run
# one whose people are all from elsewhere, without consent of the committees: nothing would be booked
printf '姓名,与户主关系,性别,户籍,成员序号\n外来户,户主,男,外村,1\n' >"$work/people.csv"
ok record household --household 06099 --group 6 --takes-part yes --consent-day 2025-01-01 --lines "$work/people.csv" --as head
ok "${round[@]}" --evidence 照片 -o "$work/round.csv"
grep -q ,06099, "$work/round.csv" && fail "a household that earns nothing yet"
ok "${round[@]}" --evidence 照片 -o "$work/round.xlsx"
says 0 'written in xlsx' entry import "$work/round.xlsx" "${sheet[@]}" --dry-run
sed -E 's/,0+([0-9]+),/,\1,/; s/^([0-9]{4})-0?([0-9]+)-0?([0-9]+)/\1\/\2\/\3/' "$work/round.csv" >"$work/saved.csv"
says 0 'row 2, 户编号 "6002": .*read as 06002' entry import "$work/saved.csv" "${sheet[@]}" --dry-run
# one column sorted by itself
awk -F, -v OFS=, 'NR == 2 { first = $2 } NR > 2 { $2 = last } { keep = $2 } NR > 1 { last = keep } 1' \
	<(head -n 4 "$work/round.csv") >"$work/sorted.csv"
sed -E '3s/,[0-9]+,/,06003,/; 4s/,[0-9]+,/,06002,/' <(head -n 4 "$work/round.csv") >"$work/sorted.csv"
says 1 'row 4, 户主 .*head of household 06002' entry import "$work/sorted.csv" "${sheet[@]}" --dry-run

# --- every refused row in one run, and the trial says what the deed says --------------------------------------------
{
	printf '%s发生日期,户编号,姓名,事项编码,事项,地点,事由,证明材料,材料编号,告知日期,得分,天气\n' "$bom"
	printf '%s,05001,,D101,,院坝,庭院月检,照片,ZP-1,,3,晴\n' "$today"
	printf '%s,05001,,D101,,院坝,庭院月检,照片,ZP-2,,30,\n' "$today"
	printf '%s,05001,,D101,,,庭院月检,照片,ZP-3,,,\n' "$today"
	printf '%s,99999,,D101,,院坝,庭院月检,照片,ZP-4,,,\n' "$today"
	printf '%s,05001,,D101,,院坝,庭院月检,传言,ZP-5,,,\n' "$today"
	printf '%s,05001,,A102,,院坝,宣讲,签到表,QD-6,,,\n' "$today"
} >"$work/many.csv"
exits 1 run v1 entry import "$work/many.csv" "${sheet[@]}" --dry-run
mv "$work/out" "$work/trial"
exits 1 run v1 entry import "$work/many.csv" "${sheet[@]}"
cmp -s "$work/trial" "$work/out" || fail "the trial differs: $(diff "$work/trial" "$work/out" || true)"
for want in 'row 3, 分值 "30": item D101 is worth 3.00' 'row 5, 户编号 "99999"' 'row 4 \(P08\)' 'row 6 \(P08\)' \
	'row 7 \(P11\)' 'column "天气" holds 1 cells' '6 rows read: 2 errors, 3 refused by the rules, 1 warnings'; do
	grep -qE "$want" "$work/trial" || fail "no word of $want: $(cat "$work/trial")"
done

# what the rules remark at a later step is said of the row, too: the reviewer belongs to the household of row 4
ok record post --household 06003 --member 1 --post committee --from 2025-01-01 --as head \
	--key "$(run v1 operator list --json | jq -r '.[] | select(.name == "reviewer").key')"
{
	head -n 1 "$work/round.csv"
	printf '\n%s,05001,,,D101,院坝,庭院月检,照片\n%s,06003,,,D101,院坝,庭院月检,照片\n' "$today" "$today"
} >"$work/own.csv"
says 0 '^ *row 4 \(P01\): .*declared kin' entry import "$work/own.csv" "${sheet[@]}" --dry-run

# --- lines of records -------------------------------------------------------------------------------------------------
printf 'good,title,class,unit,price,cost\nG01,洗衣液,household,瓶,２０,¥18.5\nG02,化肥,production,袋,"1,000",120元\n' >"$work/prices.csv"
ok record prices --version 1 --from "$today" --lines "$work/prices.csv" --as head
run v1 register prices --json | jq -e '.[0].lines | .[0].price == "20.00" and .[0].cost == "18.50" and .[1].price == "1000.00" and
	.[1].cost == "120.00"' >/dev/null || fail "prices: $(run v1 register prices --json)"
printf '\ngood,title,class,unit,price,cost,colour\n\nG01,洗衣液,cars,瓶,zwei,1,red\n' >"$work/bad.csv"
says 2 'row 4, price in points "zwei": not a valid number' record prices --version 2 --from "$today" --lines "$work/bad.csv" --as head
says 2 'row 4, class "cars": it must be one of' record prices --version 2 --from "$today" --lines "$work/bad.csv" --as head
printf 'good,title,class,unit,price,colour\nG01,洗衣液,household,瓶,2,red\n' >"$work/more.csv"
says 2 'column "colour" holds 1 cells' record prices --version 2 --from "$today" --lines "$work/more.csv" --as head
says 0 'would be accepted' record prices --version 2 --from "$today" --lines "$work/more.csv" --as head --accept --dry-run
# G01 is taken over in front of G02: what is said of its line is said of the row
printf 'good,price,cost\n\nG02,9000,120\n' >"$work/one.csv"
says 0 'row 3: .*G02' record prices --version 2 --from "$today" --lines "$work/one.csv" --as head --accept --dry-run
# the rules name every row that they refuse, as the spreadsheet numbers it
printf '户编号,户主,发生日期,事项编码,地点,事由,证明材料\n05001,,%s,D101,院坝,庭院月检,照片\n\n5001,孟林强,%s,D101,,庭院月检,照片\n06003,吴琼,%s,D101,院坝,庭院月检,传言\n' \
	"$yesterday" "$today" "$today" >"$work/points.csv"
says 1 'row 4: .*place' record points --lines "$work/points.csv" --as recorder
grep -q 'row 5: ' "$work/out" && grep -q '2 rows are refused' "$work/out" || fail "the other row: $(cat "$work/out")"
run v1 record points --lines "$work/points.csv" --as recorder --json 2>/dev/null >"$work/json" && fail "lines that rules refuse"
jq -e '[.refused[].row] == [4, 5] and .verdict.accepted == false' "$work/json" >/dev/null || fail "refused: $(cat "$work/json")"
sed -i 's/吴琼/孟山/' "$work/points.csv"
says 2 'row 5, head "孟山": the head of household 06003' record points --lines "$work/points.csv" --as recorder
printf '户编号,成员序号,姓名,事项编码,地点,事由,证明材料,附件\n05001,1,孟山,D101,院坝,庭院月检,照片,no.jpg\n' >"$work/names.csv"
says 2 'row 2, name "孟山": member 1 of household 05001 is "孟林强"' record points --lines "$work/names.csv" --as recorder
printf '户编号,事项编码,地点,事由,证明材料,附件\n05001,D101,院坝,庭院月检,照片,no.jpg\n\n06003,D101,院坝,庭院月检,照片,no.jpg\n' >"$work/files.csv"
says 2 'in row 4' record points --lines "$work/files.csv" --as recorder
grep -q 'in row 2' "$work/out" || fail "the file of row 2: $(cat "$work/out")"
stop v1
stop hub
echo "tables: all as said"
