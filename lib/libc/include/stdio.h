/* No streams exist here: types and names that libc++'s headers mention, and nothing behind them. */
#ifndef CAPOS_STDIO_H
#define CAPOS_STDIO_H

#include <capos_libc.h>
#include <stdarg.h>
#include <stddef.h>

#define EOF (-1)
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define BUFSIZ 512

typedef struct capos_no_file FILE;
typedef long fpos_t;

/* libc++'s <cstdio> must see this name, or std::remove (the algorithm) clashes with it. Not defined anywhere. */
CAPOS_C_BEGIN
int remove(const char* path);
CAPOS_C_END

#endif
