/* Types of C11, 7.27 that libc++'s <chrono> and <ctime> name. Time comes from the time page, not from here. */
#ifndef CAPOS_TIME_H
#define CAPOS_TIME_H

#include <stddef.h>

typedef long time_t;
typedef long clock_t;
struct timespec { time_t tv_sec; long tv_nsec; };
struct tm { int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst; };

#endif
