#include "daemon/io/clock.h"

#include <time.h>

#define YEAR_2000_MS UINT64_C(946684800000)

static uint64_t read_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t clock_wall_ms(void)
{
	uint64_t ms = read_ms(CLOCK_REALTIME);

	return ms < YEAR_2000_MS ? 0 : ms;
}

uint64_t clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

uint64_t clock_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}
