/* libc++ takes mbstate_t from here. No multi-byte conversion exists, so it holds nothing. */
#ifndef CAPOS_MBSTATE_T_H
#define CAPOS_MBSTATE_T_H

typedef struct { int unused; } mbstate_t;

#endif
