#ifndef DAEMON_IO_UNLINKED_H
#define DAEMON_IO_UNLINKED_H

#include "lib/buf.h"
#include "lib/text.h"

/* Why there is no connection to the hub, as people are told in the status. X(name, in Chinese, in English); %s
 * stands for the address that config.ini gives. */
#define UNLINKED_LIST(X)                                                                                                 \
	X(NOT, "%.0s", "%.0s")                                                                                           \
	X(ADDRESS,                                                                                                       \
	  "config.ini 中的 hub =“%s”不是“主机:端口”（例如 192.0.2.1:7100；冒号用半角，不带 " \
	  "http://）",                                                                                                   \
	  "hub = \"%s\" in config.ini is not host:port, such as 192.0.2.1:7100, without http://")                        \
	X(NAME, "找不到 %s 的主机，请检查网络和 config.ini 中的 hub",                                                    \
	  "the host of %s cannot be found; look at the network and at hub in config.ini")                                \
	X(NOBODY, "%s 没有程序在接收：镇级中心没有运行，或端口不对",                                                     \
	  "nobody listens at %s: the hub does not run, or its port is another")                                          \
	X(NO_WAY, "到 %s 的网络不通", "there is no way to %s; look at the network")                                      \
	X(SILENT, "%s 没有应答", "no answer from %s")                                                                    \
	X(WEB, "%s 的应答是网页：可能是上网登录页，或者那是浏览器用的端口，不是同步端口",                                \
	  "%s answers with a web page: the network wants a login, or the port is one for "                               \
	  "browsers")                                                                                                    \
	X(TURNED_AWAY, "%s 不作应答就断开了：那里可能不是本镇的镇级中心，或者它不认识本村",                              \
	  "%s ended the connection without an answer: it may be another town's hub, or not know "                        \
	  "this village")                                                                                                \
	X(ENDED, "与 %s 的连接断开了", "the connection to %s has ended")                                                 \
	X(FAILED, "连接 %s 失败", "connecting to %s failed")

#define UNLINKED_ENUM(name, zh, en) UNLINKED_##name,
enum unlinked { UNLINKED_LIST(UNLINKED_ENUM) };
#undef UNLINKED_ENUM

enum unlinked unlinked_of_uv(int status); /* of libuv, when a dial failed */
/* What a hub never begins an answer with. */
bool unlinked_is_web(const void *p, size_t n);
void unlinked_text(enum unlinked why, const char *address, enum lang lang, struct buf *out);

#endif
