#include <string.h>

#include "daemon/ledger/state/state.h"
#include "daemon/verify/verify_int.h"
#include "lib/amount.h"
#include "lib/err.h"

int verify_state_open(struct verify *v)
{
	int err = replay_open(v->t, &v->txid, &v->second);

	v->fold_t = v->second.t;
	return err;
}

void verify_state_close(struct verify *v)
{
	replay_close(&v->second);
}

/* --- comparing ------------------------------------------------------------------------------------- */
static const struct verify_row_kind kinds[] = {
	{STATE_META, false, "汇总", "summary"},
	{STATE_PERSON, false, "人员职责", "roles of a person"},
	{STATE_PERSON_NO, false, "人员编号", "number of a person"},
	{STATE_NAME, false, "姓名索引", "index of names"},
	{STATE_INVITE, false, "入网邀请", "invitation"},
	{STATE_VILLAGE, true, "村", "village"},
	{STATE_ENROL, false, "村入网", "enrolment of a village"},
	{STATE_SIGNER, false, "节点密钥", "key of a node"},
	{STATE_TRANSPORT, false, "节点传输密钥", "transport key of a node"},
	{STATE_VERSION, false, "积分清单", "catalogue"},
	{STATE_ITEM, false, "清单事项", "item of a catalogue"},
	{STATE_CODE, true, "事项编号", "number of item"},
	{STATE_LISTED, false, "登记簿索引", "index of registers"},
	{STATE_DONE, false, "办结标记", "settlement"},
	{STATE_DOC, false, "清单或方案的版本", "version of a catalogue or scheme"},
	{STATE_DOC_DAY, false, "清单或方案的生效日期", "first day of a version"},
	{STATE_SUBMIT, false, "报送标记", "submission"},
	{STATE_FILING, true, "备案", "filing"},
	{STATE_FILING_NO, true, "备案号", "filing number"},
	{STATE_MOVED, true, "分户并户去向", "place after a split or merger"},
	{STATE_KIN, true, "亲属关系", "kin"},
	{STATE_POST, true, "任职", "post"},
	{STATE_POST_KEY, false, "任职人密钥", "key of a post"},
	{STATE_NOTIFIED, false, "告知日期", "day of telling"},
	{STATE_OBJECTION, false, "异议", "objection"},
	{STATE_SLIP, true, "兑换单号", "slip number"},
	{STATE_SIGNED, false, "签收单", "signed slip"},
	{STATE_PROXY, false, "代领记录", "proxy"},
	{STATE_REDEEMED, true, "年度兑换", "redeemed in a year"},
	{STATE_OPEN, false, "开放时间", "opening hours"},
	{STATE_CLOSED, false, "年度结转", "year close"},
	{STATE_APPRAISED, false, "年度评选", "appraisals of a year"},
	{STATE_FACILITY, true, "管护设施", "facility"},
	{STATE_BOOK, true, "积分手册", "passbook"},
	{STATE_NOTICE, false, "公示张贴", "postings of a notice"},
	{STATE_COVERED, false, "公示覆盖期间", "days covered by notices"},
	{STATE_HOUSEHOLD, true, "农户登记", "register of household"},
	{STATE_ACCOUNT, true, "账户", "account of household"},
	{STATE_POSTED, true, "账户明细", "postings of household"},
	{STATE_OWN, false, "发放与兑换总账", "account of issue or redemption"},
	{STATE_DAYBOOK, false, "日记账", "daybook"},
	{STATE_YEAR, true, "年度计分", "year's points of household"},
	{STATE_LINES, false, "记录办理状态", "progress of records"},
	{STATE_EVIDENCE, false, "材料编号索引", "index of evidence numbers"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct verify_row_kind *verify_state_kind(uint8_t kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

/* The text in the key, as far as it can be printed. */
static void code_of(struct bytes key, char out[STATE_CODE_MAX + 2])
{
	size_t n = 0;

	for (size_t at = STATE_FEED_LEN + 1; at < key.n && n < STATE_CODE_MAX; at++) {
		if (key.p[at] <= ' ' || key.p[at] >= 0x7f)
			break;
		out[++n] = (char)key.p[at];
	}
	out[0] = ' ';
	out[n ? n + 1 : 0] = 0;
}

/* A row of which there are two values, one, or (@mine NULL) none that the records explain. */
static void say_row(struct verify *v, struct verify_feed *f, struct bytes key,
		    const struct bytes *stored, const struct bytes *mine)
{
	char code[STATE_CODE_MAX + 2] = "", was[AMOUNT_TEXT_MAX], is[AMOUNT_TEXT_MAX];
	uint8_t kind = key.n > STATE_FEED_LEN ? key.p[STATE_FEED_LEN] : 0;
	const struct verify_row_kind *known = verify_state_kind(kind);
	const char *zh = known ? known->zh : "未知数据", *en = known ? known->en : "unknown row";
	struct state_account a, b;
	struct points x, y;

	if (known && known->text)
		code_of(key, code);
	if (kind == STATE_ACCOUNT && stored && mine && !state_account_parse(*stored, &a) &&
	    !state_account_parse(*mine, &b) && state_account_balance(&a, &x) &&
	    state_account_balance(&b, &y) && points_cmp(x, y))
		verify_say(
			v, f, VERIFY_NO_ENTRY, "state", VK_STATE,
			"账户%s 的余额存为 %s，由记录重算应为 %s；" AGAIN_ZH,
			"account%s: the balance is stored as %s, the records make it %s; " AGAIN_EN,
			code, points_text(x, was), points_text(y, is));
	else if (stored && mine)
		verify_say(v, f, VERIFY_NO_ENTRY, "state", VK_STATE,
			   "%s%.0s%s与由记录重算的结果不符；" AGAIN_ZH,
			   "%.0s%s%s is not what the records make it; " AGAIN_EN, zh, en, code);
	else
		verify_say(v, f, VERIFY_NO_ENTRY, "state", VK_STATE,
			   stored ? "%s%.0s%s在存储中多出，记录中没有依据；" AGAIN_ZH
				  : "%s%.0s%s在存储中缺失；" AGAIN_ZH,
			   stored ? "%.0s%s%s is in the store, but no record explains it; " AGAIN_EN
				  : "%.0s%s%s is missing in the store; " AGAIN_EN,
			   zh, en, code);
}

/* What cannot be recomputed is not compared: the reason was told already. */
static bool comparable(struct verify *v, struct bytes key, struct verify_feed **ret)
{
	*ret = key.n >= STATE_FEED_LEN ? verify_feed_of(v, be32_get(key.p)) : NULL;
	return !*ret || ((*ret)->here && !(*ret)->broken);
}

static void say_broken(struct verify *v)
{
	for (uint32_t i = 0; i < v->nfeeds; i++) {
		struct verify_feed *f = &v->feed[i];

		if (!f->broken)
			continue;
		verify_say(v, f, VERIFY_NO_ENTRY, "state", VK_FOLD,
			   f->h.no == FEED_TOWN
				   ? "镇日志有上述问题，各村账户均无法重算核对；修复后请重新核验"
				   : "因上述问题，本日志的账户无法重算核对；修复后请重新核验",
			   f->h.no == FEED_TOWN
				   ? "because of the above the accounts of all feeds cannot be "
				     "recomputed and compared; mend that first, then verify again"
				   : "because of the above the accounts of this feed cannot be "
				     "recomputed and compared; mend that first, then verify again");
		if (f->h.no == FEED_TOWN)
			return;
	}
}

struct side {
	struct kv_cursor *c;
	struct bytes key, val;
	bool more;
};

static int side_step(struct side *s, enum kv_how how)
{
	int err = kv_seek(s->c, how, kv_bytes("", 0), &s->key, &s->val);

	s->more = !err;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int side_cmp(const struct side *a, const struct side *b)
{
	return a->more && b->more ? verify_cmp(a->key, b->key) : b->more - a->more;
}

/* One row of the smaller key, or both of the same. */
static int compare_row(struct verify *v, struct side *stored, struct side *mine)
{
	int d = side_cmp(stored, mine), err = ERR_OK;
	struct verify_feed *f;

	if (comparable(v, d <= 0 ? stored->key : mine->key, &f) &&
	    (d || stored->val.n != mine->val.n ||
	     memcmp(stored->val.p, mine->val.p, mine->val.n) != 0))
		say_row(v, f, d <= 0 ? stored->key : mine->key, d <= 0 ? &stored->val : NULL,
			d >= 0 ? &mine->val : NULL);
	if (d <= 0)
		err = side_step(stored, KV_NEXT);
	if (d >= 0 && !err)
		err = side_step(mine, KV_NEXT);
	return err;
}

int verify_state_compare(struct verify *v)
{
	struct side stored = {0}, mine = {0};
	int err = kv_cursor_open(v->t, KV_STATE, &stored.c);

	say_broken(v);
	if (!err)
		err = kv_cursor_open(v->fold_t, KV_STATE, &mine.c);
	if (!err)
		err = side_step(&stored, KV_GE);
	if (!err)
		err = side_step(&mine, KV_GE);
	while (!err && (stored.more || mine.more))
		err = compare_row(v, &stored, &mine);
	kv_cursor_close(mine.c);
	kv_cursor_close(stored.c);
	return err;
}
