#ifndef DAEMON_IO_ADDRESS_H
#define DAEMON_IO_ADDRESS_H

#include <stdbool.h>

/* "host:port" or "[v6]:port", as options and config.ini have it: a host without spaces, a port from 1 to
 * 65535. Whether the host exists is not asked. */
#define ADDRESS_HOST_BYTES 112
#define ADDRESS_PORT_BYTES 8
/* Why a program cannot listen on an address, from errno. */
int address_error(int e);
bool address_split(const char *at, char host[ADDRESS_HOST_BYTES], char port[ADDRESS_PORT_BYTES]);

#endif
