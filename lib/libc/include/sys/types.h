/* The one type of POSIX's <sys/types.h> that C libraries take as given. */
#ifndef CAPOS_SYS_TYPES_H
#define CAPOS_SYS_TYPES_H

typedef long ssize_t;

#endif
