#include "daemon/io/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/io/clock.h"
#include "lib/date.h"
#include "lib/look.h"

#define LINE_BYTES_MAX 600

static bool chinese;

void log_language(bool english)
{
	chinese = !english;
}

bool log_english(void)
{
	return !chinese;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE_BYTES_MAX], when[32];
	size_t n;
	va_list ap;

	if (getenv("JOURNAL_STREAM"))
		snprintf(line, sizeof(line), "<%d>", level);
	else
		snprintf(line, sizeof(line), "%s %s", time_text(clock_wall_ms(), when),
			 level == LOG_LEVEL_ERROR  ? "ERROR "
			 : level == LOG_LEVEL_WARN ? "warning: "
						   : "");
	n = strlen(line);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	n = strlen(line);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20)
			line[i] = ' '; /* one record, one line */
	look_mask(line, n);	       /* names and reasons come from other nodes */
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say so */
}
