#ifndef DAEMON_IO_LOG_H
#define DAEMON_IO_LOG_H

#include <stdbool.h>

/* Lines on standard error, "<N>" priority in front for journald when it is the reader, else the time. No
 * personal data. Thread-safe: one write per line. */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6 };
__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *fmt, ...);
/* In which language sentences are (config.ini, lang); English until it is set, before there is another thread. */
void log_language(bool english);
bool log_english(void);

#endif
