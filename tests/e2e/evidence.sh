# Goal of this test: a file that a record names is at the node before the record is sent, once; what happened to it
# since is found, with the entry that names it.
set -eu
. tests/e2e/lib.inc
hub
village 1
v=(--dir "$work/v1")
digest() { sha256sum <"$1" | cut -d' ' -f1; }
kept() { echo "$work/v1/evidence/${1:0:2}/$1"; }
files() { find "$work/v1/evidence" -type f 2>/dev/null | wc -l; }
day=$(china_day '-3 days')
must run v1 roster import "$data/village-1/roster.csv" --as head

# --- a record names a file -----------------------------------------------------------------------------------
record=(entry record --household 05001 --item D101 --day "$day" --place yard --reason 'monthly check'
	--evidence 照片 --as recorder)
head -c 300000 /dev/urandom >"$work/photo.jpg"
photo=$(digest "$work/photo.jpg")
before=$(size)
expect 2 'cannot read .*/none.jpg: there is no such file' "${v[@]}" "${record[@]}" --file "$work/none.jpg"
expect 2 '没有这个文件' --lang zh "${v[@]}" "${record[@]}" --file "$work/none.jpg"
expect 2 'is a folder' "${v[@]}" "${record[@]}" --file "$work"
truncate -s $((16 * 1048576 + 1)) "$work/film.mp4"
expect 2 'larger than 16 MiB' "${v[@]}" "${record[@]}" --file "$work/film.mp4"
expect 2 '超过 16 MiB' --lang zh "${v[@]}" "${record[@]}" --file "$work/film.mp4"
expect 2 'no option --digest' "${v[@]}" "${record[@]}" --digest "$photo"
: >"$work/empty.jpg"
expect 2 'is empty' "${v[@]}" "${record[@]}" --file "$work/empty.jpg"
expect 2 '是空文件' --lang zh "${v[@]}" "${record[@]}" --file "$work/empty.jpg"
expect 1 'refused.*R9999' "${v[@]}" "${record[@]/D101/R9999}" --file "$work/photo.jpg"
in_json 1 "${v[@]}" "${record[@]/D101/R9999}" --file "$work/photo.jpg"
jq -e '.verdict.accepted == false' "$work/json" >/dev/null || fail "JSON of a refusal: $(cat "$work/json" "$work/out")"
[[ $(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$work/v1/sock" -X POST -H 'Content-Type: application/octet-stream' \
	http://node/api/v1/evidence) == 400 ]] || fail "the node keeps an empty file"
expect 0 'nothing was written' "${v[@]}" "${record[@]}" --file "$work/photo.jpg" --dry-run
[[ $(files) == 0 && $(size) == "$before" ]] || fail "a refused file or a trial left something behind"
expect 0 "written: entry $before" "${v[@]}" "${record[@]}" --file "$work/photo.jpg"
cmp "$work/photo.jpg" "$(kept "$photo")" || fail "the file is not kept"
[[ $(stat -c %a "$(kept "$photo")") == 600 ]] || fail "mode $(stat -c %a "$(kept "$photo")")"
[[ $(run v1 log --from "$before" -n 1 --json | jq -r '.items[0].lines[0].digest') == "$photo" ]] || fail "another digest"
truncate -s $((16 * 1048576)) "$work/film.mp4"
expect 0 'written' "${v[@]}" record consent --household 05005 --takes-part yes --day "$day" --document T-1 \
	--digest "$work/film.mp4" --as head
[[ -e $(kept "$(digest "$work/film.mp4")") ]] || fail "16 MiB are not kept"
expect 0 'written' "${v[@]}" record consent --household 03008 --takes-part yes --day "$day" --document T-2 \
	--digest "$work/photo.jpg" --as head
[[ $(files) == 2 ]] || fail "the same file twice: $(files) files"

# --- 64 digits are a digest, unless a file is called so ----------------------------------------------------------
paper=$(printf 'paper' | sha256sum | cut -d' ' -f1)
expect 0 'written' "${v[@]}" record consent --household 03010 --takes-part yes --day "$day" --document T-3 \
	--digest "$paper" --as head
at_paper=$(($(size) - 1))
cp "$work/photo.jpg" "$work/$paper"
program=$(realpath "$cz")
rv=0
(cd "$work" && "$program" "${v[@]}" record consent --household 03010 --takes-part no --day "$day" --document T-4 \
	--digest "$paper" --as head >"$work/out" 2>&1 </dev/null) || rv=$?
((rv == 2)) && grep -q 'write \./' "$work/out" || fail "a file or a digest: exit $rv: $(cat "$work/out")"

# --- sheets: paths are relative to the sheet ----------------------------------------------------------------------
mkdir "$work/sheets"
printf 'first' >"$work/sheets/one.jpg"
printf '户编号,成员序号,事项编码,发生日期,地点,事由,证明材料,附件\n06002,0,D101,%s,院坝,月检,照片,one.jpg\n' "$day" \
	>"$work/sheets/lines.csv"
expect 0 'written' "${v[@]}" record points --lines "$work/sheets/lines.csv" --as recorder
[[ -e $(kept "$(digest "$work/sheets/one.jpg")") ]] || fail "the file of a line is not kept"
printf 'second' >"$work/sheets/two.jpg"
printf '发生日期,户编号,姓名,事项编码,地点,事由,证明材料,附件\n%s,06006,,D101,院坝,月检,照片,two.jpg\n' "$day" \
	>"$work/sheets/entries.csv"
import=(entry import "$work/sheets/entries.csv" --as recorder --review-as reviewer --confirm-as confirmer --accept)
two=$(digest "$work/sheets/two.jpg")
expect 0 'would import' "${v[@]}" "${import[@]}" --dry-run
[[ ! -e $(kept "$two") ]] || fail "a trial kept a file"
expect 0 'imported' "${v[@]}" "${import[@]}"
cmp "$work/sheets/two.jpg" "$(kept "$two")" || fail "the file of a sheet is not kept"
expect 0 'nothing new' "${v[@]}" "${import[@]}"
sed 's/two/three/' "$work/sheets/entries.csv" >"$work/sheets/lost.csv"
printf 'other' >"$work/sheets/two.jpg" # another photo is other content, not another booking
expect 1 'L02' "${v[@]}" "${import[@]}"
[[ ! -e $(kept "$(digest "$work/sheets/two.jpg")") ]] || fail "a refused import kept a file"
printf 'second' >"$work/sheets/two.jpg"

# --- a file that is not there is told with its row, beside all else that is wrong -----------------------------------
had="$(size) $(files)"
printf 'new' >"$work/sheets/new.jpg"
printf '发生日期,户编号,姓名,事项编码,地点,事由,证明材料,照片
%s,06011,,D101,院坝,月检,照片,new.jpg
%s,06016,,D101,院坝,月检,照片,three.jpg
%s,77777,,D101,院坝,月检,照片,new.jpg
%s,06018,,D101,院坝,月检,照片,../photo.jpg
%s,06020,,D101,院坝,月检,照片,/etc/hostname
' "$day" "$day" "$day" "$day" "$day" >"$work/sheets/lost.csv"
expect 1 'cannot read .*/sheets/three.jpg' "${v[@]}" "${import[@]/entries.csv/lost.csv}"
for told in 'row 3, 附件 "three.jpg"' 'row 4, 户编号' 'row 5, 附件 "../photo.jpg"' 'row 6, 附件 "/etc/hostname"' \
	'"../photo.jpg" is not below' '"/etc/hostname" is not below'; do
	grep -q "$told" "$work/out" || fail "no $told: $(cat "$work/out")"
done
in_json 1 "${v[@]}" "${import[@]/entries.csv/lost.csv}"
jq -e '[.report.issues[] | select(.severity == "error").row] == [3, 4, 5, 6]' "$work/json" >/dev/null ||
	fail "JSON of a sheet without its files: $(cat "$work/json")"
[[ "$(size) $(files)" == "$had" ]] || fail "a refused sheet left something behind"
printf '户编号,成员序号,事项编码,发生日期,附件\n06002,0,D101,%s,../photo.jpg\n' "$day" >"$work/sheets/outside.csv"
expect 2 '"\.\./photo.jpg" is not below' "${v[@]}" record points --lines "$work/sheets/outside.csv" --as recorder

printf 'elsewhere' >"$work/elsewhere.jpg"
ln -s ../elsewhere.jpg "$work/sheets/link.jpg" # whoever wrote the sheet knows this computer's files by name
ln -s .. "$work/sheets/up"
mkfifo "$work/sheets/pipe.jpg"
for name in link.jpg up/elsewhere.jpg; do
	sed "s|,[^,]*$|,$name|; 1s/.*/户编号,成员序号,事项编码,发生日期,附件/" "$work/sheets/outside.csv" >"$work/sheets/linked.csv"
	expect 2 "\"$name\" is a link" "${v[@]}" record points --lines "$work/sheets/linked.csv" --as recorder
	sed "s|three.jpg|$name|" "$work/sheets/lost.csv" >"$work/sheets/linked.csv"
	expect 1 "\"$name\" is a link" "${v[@]}" "${import[@]/entries.csv/linked.csv}"
done
sed "s|three.jpg|pipe.jpg|" "$work/sheets/lost.csv" >"$work/sheets/linked.csv"
expect 1 'cannot read .*/sheets/pipe.jpg' "${v[@]}" "${import[@]/entries.csv/linked.csv}"
[[ ! -e $(kept "$(digest "$work/elsewhere.jpg")") ]] || fail "a file from elsewhere is kept"
[[ "$(size) $(files)" == "$had" ]] || fail "a refused sheet left something behind"
mkdir "$work/sheets/below"
for name in ../photo.jpg below/../../photo.jpg ./../photo.jpg below/.. below/../..; do
	printf '户编号,成员序号,事项编码,发生日期,附件\n06002,0,D101,%s,%s\n' "$day" "$name" >"$work/sheets/outside.csv"
	expect 2 'is not below' "${v[@]}" record points --lines "$work/sheets/outside.csv" --as recorder
done
printf 'third' >"$work/sheets/below/..jpg" # two points that lead nowhere
printf '户编号,成员序号,事项编码,发生日期,地点,事由,证明材料,附件\n06002,0,D101,%s,院坝,月检,照片,below/..jpg\n' "$day" \
	>"$work/sheets/points.csv"
expect 0 'nothing was written' "${v[@]}" record points --lines "$work/sheets/points.csv" --as recorder --dry-run
[[ "$(size) $(files)" == "$had" ]] || fail "a file outside of the folder was taken"

# --- a file that changes between its digest and its sending ----------------------------------------------------------
printf 'as it was' >"$work/moving.jpg"
kill -STOP "$pid_v1" # it holds the trial back, before which the digest is taken
"$cz" "${v[@]}" "${record[@]}" --file "$work/moving.jpg" >"$work/moved" 2>&1 </dev/null &
mover=$!
wait_for 20 asks $mover || fail "no trial of the record"
printf 'another' >"$work/moving.jpg"
kill -CONT "$pid_v1"
rv=0
wait $mover || rv=$?
((rv == 2)) && grep -q 'has changed\|changed' "$work/moved" || fail "a file that moved: exit $rv: $(cat "$work/moved")"
[[ "$(size) $(files)" == "$had" ]] || fail "a file that moved was kept: $(cat "$work/moved")"

# --- what became of them -------------------------------------------------------------------------------------------
expect 0 'intact 5, altered 0, not here 1' "${v[@]}" evidence check
expect 0 '完好 5，已被改动 0，不在本机 1' --lang zh "${v[@]}" evidence check
expect 0 "^ *$at_paper .*joining or leaving.*not here" "${v[@]}" evidence check
expect 0 "^$(kept "$photo")$" "${v[@]}" evidence show "$before.1"
[[ $(grep -c intact "$work/out") == 2 ]] || fail "one entry is named: $(cat "$work/out")"
expect 0 'joining or leaving' "${v[@]}" evidence show "$photo"
expect 1 'no entry names a file' "${v[@]}" evidence show 1
expect 2 'is no entry' "${v[@]}" evidence show x.1
printf 'X' | dd of="$(kept "$photo")" bs=1 seek=1000 conv=notrunc status=none
expect 4 "^ *$before +1 +points entry .*ALTERED" "${v[@]}" evidence check
in_json 4 "${v[@]}" evidence check
jq -e '.altered == 2 and .missing == 1 and ([.items[] | select(.state == "altered")][0].line == 1)' \
	"$work/json" >/dev/null || fail "JSON: $(cat "$work/json")"
expect 4 'ALTERED' "${v[@]}" evidence show "$photo"
in_json 4 "${v[@]}" evidence show "$photo"
rm "$(kept "$photo")"
mkdir "$(kept "$photo")" # what cannot be read hides nothing of the others
expect 3 "^ *$before +1 +points entry .*UNREADABLE" "${v[@]}" evidence check
grep -q 'intact 3, altered 0, not here 1' "$work/out" || fail "one that cannot be read: $(cat "$work/out")"
in_json 3 "${v[@]}" evidence check
jq -e '.unreadable == 2 and .intact == 3 and any(.items[]; .state == "unreadable")' "$work/json" >/dev/null ||
	fail "JSON: $(cat "$work/json")"
rmdir "$(kept "$photo")"
expect 0 'intact 3' "${v[@]}" evidence check
grep -q 'named by no entry' "$work/out" && fail "all are named: $(cat "$work/out")"
echo 'left alone' >"$work/alone"
mkdir -p "$(dirname "$(kept "$(digest "$work/alone")")")"
cp "$work/alone" "$(kept "$(digest "$work/alone")")"
expect 0 '1 files in the folder evidence are named by no entry' "${v[@]}" evidence check
expect 0 '有 1 个文件没有记录指到' --lang zh "${v[@]}" evidence check
rm "$(kept "$(digest "$work/alone")")"
expect 0 "^ *$before +1 +points entry .*not here" "${v[@]}" evidence check
expect 0 'intact 3, altered 0, not here 3' "${v[@]}" evidence check

# --- a daemon that died while a file came in -------------------------------------------------------------------------
stop v1 KILL
touch "$work/v1/evidence/incoming-abcdef"
start v1
must run v1 status
[[ ! -e $work/v1/evidence/incoming-abcdef ]] || fail "half a file is left behind"
must run v1 verify
