#ifndef DAEMON_IO_CLOCK_H
#define DAEMON_IO_CLOCK_H

#include <stdint.h>

/* The only readers of the machine's clocks. */
uint64_t clock_wall_ms(void); /* Unix time; 0 when the clock is before 2000 and so surely wrong */
uint64_t clock_mono_ms(void); /* since some start, never back */
uint64_t clock_boot_ms(void); /* since the machine booted, sleep included */

#endif
