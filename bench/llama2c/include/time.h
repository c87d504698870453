#pragma once
struct timespec {
  long tv_sec, tv_nsec;
};
#define CLOCK_REALTIME 0
int clock_gettime(int clock, struct timespec *now);
