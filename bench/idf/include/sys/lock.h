#pragma once
typedef int _LOCK_T;
typedef int _LOCK_RECURSIVE_T;
typedef int _lock_t;
void _lock_acquire(_lock_t *);
void _lock_release(_lock_t *);
