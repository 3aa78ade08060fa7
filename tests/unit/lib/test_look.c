#include "lib/look.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/lib/t.h"

static bool same(const char *a, const char *b)
{
	return look_same(bytes_str(a), bytes_str(b));
}

/* Written by a program that made them equal to the eye; each was another person once. */
static void test_what_looks_the_same_is_the_same_name(void)
{
	static const char *const of[][2] = {
		{"张记录", "张记录\xc2\xa0"},
		{"张记录", "张\xe2\x80\x8b记录"},
		{"张记录", "张记录\xe2\x80\xae"},
		{"张记录", "\xef\xbb\xbf张记录"},
		{"张记录", "张　记录"},
		{"张记录", "张 记 录"},
		{"张记录", "张\xe2\x80\x87记录"},
		{"张记录", "张记\xef\xb8\x80录"},
		{"张记录", "张记录\xe3\x85\xa4"},
		{"张记录", "张\xc2\xad记录"},
		{"方小玉", "⽅小⽟"},
		{"方小玉", "方⼩玉"},
		{"Anna", "Аnnа"},
		{"Anna", "ＡＮＮＡ"},
		{"Anna", "Ánná"},
		{"Anna", "An\xcc\x81na"},
		{"阿依·古丽", "阿依•古丽"},
		{"阿依·古丽", "阿依．古丽"},
		{"阿依·古丽", "阿依・古丽"},
		{"阿依·古丽", "阿依‧古丽"},
		{"Boris", "Воrіs"},
		{"PETROV", "РЕТRОV"},
		{"ΑΝΝΑ", "ANNA"},
		{"王一", "王—"},
		{"王1", "王l"},
		{"王O", "王0"},
		{"金龙", "⾦⻰"},
		{"更生", "\xef\xa4\x81生"},
		{"Lü", "LU\xcc\x88"},
		{"(二组)", "（二组）"},
		{"吕布", "呂布"},
		{"李一", "李－"},
		{"李一", "李ー"},
		{"张三", "张Ξ"},
		{"吕口", "吕囗"},
		{"李一", "李⼀"},
		{"郎平", "郞平"},
		{"步惊云", "歩惊云"},
		{"が", "か\xe3\x82\x99"},
		{"ガ", "ｶﾞ"},
		{"ئالىم", "ئالىـم"},
		{"ئالىم", "ى\xd9\x94الیم"},
		{"ئالىم", "ى\xd9\x94الىم"},
		{"كەرىم", "کەرىم"},
		{"བཀྲ་ཤིས", "བཀྲ༌ཤིས"},
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (!same(of[i][0], of[i][1]))
			t_fail(__FILE__, __LINE__, "%s and %s are two names", of[i][0], of[i][1]);
}

/* Scripts and forms that have the shapes of others stand in no name, but in texts. */
static void test_what_only_looks_like_letters_is_no_name(void)
{
	static const char *const of[] = {
		"\xf0\x9d\x90\x80nna", /* mathematical */
		"Ꭺnna",		       /* Cherokee */
		"Ⲟlga",		       /* Coptic */
		"ᴀnna",		       /* a small capital */
		"ﬁona",		       /* a ligature */
		"Ǉuba",
		"王Ⅲ",
		"王㈠",
		"王㍿",
		"李㇐",		    /* a stroke */
		"\xef\xba\x8bﺎﻟﻰﻡ", /* forms of one place in a word */
		"ﷲ",
		"\xe1\x84\x80\xe1\x85\xa1", /* parts of a Korean syllable */
		"\xe0\xbd\x83",		    /* two Tibetan letters in one */
		"০lga",			    /* a Bengali zero */
		"\xf0\x90\x90\x84lga"};	    /* Deseret */
	struct look_found f;

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		if (!look_find(bytes_str(of[i]), true, &f))
			t_fail(__FILE__, __LINE__, "%s is a name", of[i]);
		T_EQ(f.kind, LOOK_SYMBOL);
		T_OK(!look_find(bytes_str(of[i]), false, &f));
	}
}

static void test_names_of_every_people_here_are_names(void)
{
	static const char *const of[] = {"王小明",
					 "欧阳娜娜",
					 "阿依·古丽",
					 "𠮷野",
					 "䶮",
					 "ئالىم ئەخمەت",
					 "قۇربان نىياز",
					 "جاڭ ٴىزاتبەك",
					 "བཀྲ་ཤིས་སྒྲོལ་མ",
					 "ᠪᠠᠲᠤ",
					 "ꆈꌠ",
					 "ꓡꓲ ꓢꓴ",
					 "ᥖᥭᥰ",
					 "ᦑᦺᦟᦹᧉ",
					 "김철수",
					 "Қуаныш",
					 "Нұрлан",
					 "Vwy Bangj",
					 "Müller-Lüdenscheidt",
					 "Nguyễn Văn Đạt",
					 "𖼴𖽥",
					 "ႁၢမ်း",
					 "เจ้า",
					 "王明（二组）",
					 "O'Brien"};
	struct look_found f;

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (look_find(bytes_str(of[i]), true, &f))
			t_fail(__FILE__, __LINE__, "%s is no name", of[i]);
}

static void test_other_names_stay_apart(void)
{
	static const char *const of[][2] = {
		{"张三", "张四"},
		{"王土", "王士"},
		{"李未", "李末"},
		{"张三（二组）", "张三（三组）"},
		{"王日", "王曰"},
		{"Anna", "Ana"},
		{"阿依古丽", "阿依·古丽"},
		{"张记录", "张記录"},
		{"己巳", "已巳"},
		{"ئالىم", "ئالم"},
		{"ھەسەن", "ئەسەن"},
		{"བཀྲ", "བཀྲི"},
		{"이", "기"},
		{"ياقۇپ", "ىاقۇپ"},
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (same(of[i][0], of[i][1]))
			t_fail(__FILE__, __LINE__, "%s and %s are one name", of[i][0], of[i][1]);
}

static void test_a_skeleton_is_its_own_skeleton(void)
{
	for (uint32_t c = 0x20; c < 0x30000; c += c < 0x3000 ? 1 : 7) {
		struct look once, twice;
		uint8_t raw[4];
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		raw[0] = (uint8_t)(n == 1 ? c : (0xf00 >> n & 0xf0) | c >> 6 * (n - 1));
		for (size_t i = 1; i < n; i++)
			raw[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
		T_OK(utf8_valid(raw, n));
		T_OK(c < 0x4000 || c > 0x9fff || !look_steers(c)); /* look_find passes over them */
		look_of((struct bytes){raw, n}, &once);
		T_OK(2 * once.n <= 3 * n); /* as LOOK_MAX has it */
		T_OK(utf8_valid(once.b, once.n));
		look_of(look_bytes(&once), &twice);
		T_OK(bytes_eq(look_bytes(&once), look_bytes(&twice)));
	}
}

static void test_a_skeleton_has_room_for_the_longest_name(void)
{
	static const char grows[] = "\xef\xab\x8f"; /* to a character of four bytes */
	static const char xi[] = "Ξ";
	char name[LOOK_NAME_MAX + 4];
	struct look l;

	for (size_t i = 0; i + 3 <= sizeof(name); i += 3)
		memcpy(name + i, grows, 3);
	look_of((struct bytes){(const uint8_t *)name, 63}, &l);
	T_EQ(l.n, 84);
	look_of((struct bytes){(const uint8_t *)name, sizeof(name) - 2}, &l);
	T_OK(l.n <= LOOK_MAX);
	for (size_t i = 0; i + 2 <= sizeof(name); i += 2)
		memcpy(name + i, xi, 2);
	look_of((struct bytes){(const uint8_t *)name, LOOK_NAME_MAX}, &l);
	T_EQ(l.n, LOOK_NAME_MAX / 2 * 3);
}

static void test_a_character_that_hides_is_found_with_its_place(void)
{
	static const struct {
		const char *text;
		uint32_t c, place;
		enum look_kind kind;
	} of[] = {{"王\xe2\x80\xae小", 0x202e, 2, LOOK_HIDDEN},
		  {"\xc2\x9b"
		   "31m",
		   0x9b, 1, LOOK_CONTROL},
		  {"a\xc2\xa0", 0xa0, 2, LOOK_BLANK},
		  {"王小\xee\x80\x80", 0xe000, 3, LOOK_PRIVATE},
		  {"\xef\xbf\xbd", 0xfffd, 1, LOOK_NOTHING},
		  {"\xe2\x80\xa8", 0x2028, 1, LOOK_CONTROL},
		  {"\xf3\xa0\x81\x81", 0xe0041, 1, LOOK_HIDDEN},
		  {"\xf4\x8f\xbf\xbf", 0x10ffff, 1, LOOK_PRIVATE},
		  {"\xef\xb7\x90", 0xfdd0, 1, LOOK_NOTHING},
		  {"\xe3\x85\xa4", 0x3164, 1, LOOK_BLANK}};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct look_found f = {0};

		T_OK(look_find(bytes_str(of[i].text), false, &f));
		T_EQ(f.c, of[i].c);
		T_EQ(f.place, of[i].place);
		T_EQ(f.kind, of[i].kind);
	}
}

static void test_what_people_write_is_let_through(void)
{
	static const char *const good[] = {"王小明",
					   "阿依·古丽",
					   "ཚེ་རིང",
					   "ꆈꌠ",
					   "𠮷野",
					   "Müller-Lüdenscheidt",
					   "二〇二六年 1 月　晴",
					   "①→②，≥3 ℃ “好”…"};
	struct look_found f;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		T_OK(!look_find(bytes_str(good[i]), false, &f));
	T_OK(look_find(bytes_str("王\xf0\x9f\x98\x80"), true, &f));
	T_EQ(f.kind, LOOK_SYMBOL);
	T_OK(!look_find(bytes_str("好\xf0\x9f\x98\x80"), false, &f));
}

static void test_what_steers_is_neutral_when_shown(void)
{
	struct buf b = {0};

	T_EQ(look_put(&b, bytes_str("a\xc2\x9b"
				    "31m\xe2\x80\xae"
				    "1\x1b[2J\xef\xbb\xbf王 b")),
	     0);
	T_STR(buf_str(&b), "a\xef\xbf\xbd"
			   "31m\xef\xbf\xbd"
			   "1\xef\xbf\xbd[2J\xef\xbf\xbd王 b");
	buf_close(&b);
}

static void test_a_line_of_a_log_is_masked_in_place(void)
{
	char line[] = "村 \xc2\x9b"
		      "31m\xe2\x80\xae"
		      "1\x7f 王\x9b\xe7\x8e";

	look_mask(line, strlen(line));
	T_OK(strncmp(line, "村 ??31m???1? 王?", strlen("村 ??31m???1? 王?")) == 0);
	T_EQ(strlen(line), strlen("村 ??31m???1? 王?") + 2); /* a cut character stays as it was */
}

static void test_names_that_run_to_the_left_are_known(void)
{
	T_OK(look_turns(bytes_str("ئايگۈل 98")));
	T_OK(!look_turns(bytes_str("王小明 98 Müller")));
}

/* The contract says the same as the code. */
static void test_the_specification_has_the_tables(void)
{
	static const char begin[] = "<!-- look:begin -->\n", end[] = "<!-- look:end -->";
	struct buf want = {0}, spec = {0};
	FILE *f = fopen("proto/SPEC.md", "rb");
	uint8_t *to = buf_reserve(&spec, 1 << 20);
	const char *from, *upto;

	T_OK(f && to);
	spec.n = fread(to, 1, 1 << 20, f);
	T_OK(feof(f));
	fclose(f);
	T_EQ(look_spec(&want), 0);
	from = strstr(buf_str(&spec), begin);
	T_OK(from);
	from += strlen(begin);
	upto = strstr(from, end);
	T_OK(upto);
	T_EQ(upto - from, want.n);
	T_MEM(from, want.p, want.n);
	buf_close(&want);
	buf_close(&spec);
}

T_MAIN(T(test_what_looks_the_same_is_the_same_name, "R60"),
       T(test_what_only_looks_like_letters_is_no_name, "R60"),
       T(test_names_of_every_people_here_are_names), T(test_other_names_stay_apart, "R60"),
       T(test_a_skeleton_is_its_own_skeleton), T(test_a_skeleton_has_room_for_the_longest_name),
       T(test_a_character_that_hides_is_found_with_its_place, "R09"),
       T(test_what_people_write_is_let_through), T(test_what_steers_is_neutral_when_shown, "R09"),
       T(test_a_line_of_a_log_is_masked_in_place, "R09"),
       T(test_names_that_run_to_the_left_are_known), T(test_the_specification_has_the_tables))
