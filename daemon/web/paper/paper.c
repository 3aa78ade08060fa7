#include "daemon/web/paper/paper.h"

#include <stdio.h>
#include <string.h>

#include "lib/err.h"

/* --- what papers have in common ------------------------------------------------------------------- */
int paper_refuse(struct paper *p, const char *param, struct says message, struct says hint)
{
	return ask_refuse(p->ask, ASK_WRONG, "PARAMETER", param, message, hint);
}

int paper_lacks(struct paper *p, const char *code, const char *param, struct says message,
		struct says hint)
{
	return ask_refuse(p->ask, ASK_MISSING, code, param, message, hint);
}

int paper_need_day(struct paper *p, const char *name, day_t *ret)
{
	int err = ask_day(p->ask, name, ret);

	if (err || *ret != DAY_NONE)
		return err;
	return paper_refuse(p, name, SAYS("缺少日期", "a day is missing"),
			    SAYS("如 2025-01-31", "like 2025-01-31"));
}

int paper_dated(struct paper *p)
{
	if (p->ask->day != DAY_NONE)
		return ERR_OK;
	return ask_refuse(p->ask, ASK_CONFLICT, "NO_CLOCK", NULL,
			  SAYS("这台电脑没有可信的日期，材料上无法写明日期",
			       "this computer has no date that could stand on the paper"),
			  SAYS("请校准电脑时间后再打印", "set its clock, then print again"));
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t k = strlen(end);

	return n > k && memcmp(s + n - k, end, k) == 0;
}

/* The 2023 goal counts neighbourhood committees, too (DOMAIN I9). A name may hold the committee already, in short. */
void paper_committee(struct paper *p)
{
	static const struct {
		const char *end;
		bool drop, neighbourhood;
	} ends[] = {{"村民委员会", true, false}, {"村委会", true, false},
		    {"居民委员会", true, true},	 {"居委会", true, true},
		    {"社区", false, true},	 {"居", false, true}};
	char name[FEED_LABEL_MAX];
	size_t n = strlen(p->village);
	bool neighbourhood = false;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (!ends_with(p->village, n, ends[i].end))
			continue;
		n -= ends[i].drop ? strlen(ends[i].end) : 0;
		neighbourhood = ends[i].neighbourhood;
		if (ends[i].drop && !neighbourhood && !ends_with(p->village, n, "村"))
			n += strlen("村"); /* 石岩村委会 is of 石岩村 */
		break;
	}
	snprintf(name, sizeof(name), "%.*s", (int)n, p->village);
	page_str(&p->page, name);
	page_own(&p->page, neighbourhood ? "居民委员会" : "村民委员会");
}

const char *paper_mark(const struct paper *p)
{
	if (p->training)
		return "培训数据　不作依据";
	return p->draft ? "草稿　未登记　不得张贴" : NULL;
}

struct seek_entry {
	uint64_t seq;
};

/* The first at or after the one sought. */
static int is_entry(void *ctx, uint64_t seq)
{
	return seq == ((struct seek_entry *)ctx)->seq ? 1 : 2;
}

int paper_need_entry(struct paper *p, enum rec_code type, uint64_t *ret_seq, void *ret_head,
		     struct payload *ret_payload)
{
	const struct says hint =
		SAYS("用 cunzhang register 查看序号", "cunzhang register shows the numbers");
	struct seek_entry s = {UINT64_MAX};
	int err = ask_u64(p->ask, "entry", INT64_MAX, &s.seq);

	if (err)
		return err;
	if (s.seq == UINT64_MAX)
		return paper_refuse(p, "entry", SAYS("缺少记录序号", "an entry is missing"), hint);
	err = view_listed(p->t, p->ask->feed.no, type, s.seq, is_entry, &s);
	if (err < 0)
		return err;
	if (err != 1)
		return paper_lacks(p, "ENTRY_UNKNOWN", "entry",
				   SAYS("没有这条记录", "there is no such accepted entry"), hint);
	err = feedlog_payload(p->t, p->ask->feed.no, s.seq, ret_payload);
	if (!err && rec_decode_head(rec_type_of((uint16_t)type), ret_payload, ret_head))
		err = ERR_CORRUPT;
	*ret_seq = s.seq;
	return err;
}

int paper_price(struct paper *p, uint64_t version, struct bytes good, struct rec_prices_line *ret)
{
	const struct reader r = reader_of(p->t, p->ask->feed.no);
	struct document doc;
	int err = read_document(&r, DOC_PRICES, version, &doc);

	return err ? err : read_price(&r, &doc, good, ret);
}

/* --- the papers ------------------------------------------------------------------------------------ */
const struct paper_def paper_defs[] = {
	{"notice", "公示", "notice", paper_notice},
	{"passbook", "积分手册", "passbook", paper_passbook},
	{"slip", "兑换单", "redemption slip", paper_slip},
	{"certificate", "荣誉证书", "certificate", paper_certificate},
	{"guide", "操作要点", "quick guide", paper_guide},
};
const uint32_t paper_ndefs = sizeof(paper_defs) / sizeof(paper_defs[0]);

static int refuse_leak(struct paper *p)
{
	static const struct says what[] = {
		[PRIVACY_NONE] = {"", ""},
		[PRIVACY_ID] = {"身份证号", "an identity number"},
		[PRIVACY_PHONE] = {"手机号", "a phone number"},
		[PRIVACY_CARD] = {"银行卡号", "a bank card number"},
		[PRIVACY_CHILD] = {"未满 14 周岁者的姓名", "the name of a child under 14"},
	};
	char zh[200], en[200];

	snprintf(zh, sizeof(zh), "公示内容含%s，不得张贴（N03）：%s", what[p->page.leak].zh,
		 p->page.where);
	snprintf(en, sizeof(en), "the notice holds %s and must not be posted (N03): %s",
		 what[p->page.leak].en, p->page.where);
	return ask_refuse(
		p->ask, ASK_UNFIT, "PRIVACY", NULL, SAYS(zh, en),
		SAYS("请更正来源记录（如方案、价目或事项名称）后重新生成",
		     "correct the record that it comes from (scheme, prices, items), then make "
		     "it again"));
}

int paper_open(struct paper *p, struct ask *a)
{
	struct feed_head town;
	struct view_town v;
	int err = feedlog_head(a->t, FEED_TOWN, &town);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	*p = (struct paper){.ask = a, .t = a->t, .town_size = town.size};
	view_feed_label(a->t, &a->feed, p->village);
	err = view_town(a->t, &v);
	p->training = !err && domain_is_training(v.domain);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

void paper_close(struct paper *p)
{
	buf_close(&p->html);
	buf_close(&p->children);
}

int paper_make(struct paper *p, const struct paper_def *def)
{
	int err = def->make(p);

	if (!err)
		err = p->html.err ? p->html.err : p->children.err;
	return !err && p->page.leak ? refuse_leak(p) : err;
}
