/* What the test looks at and turns. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_state {
    int allocations_left;
    int allocated;
    uint32_t last_caps;
    size_t partition_bytes;
    const uint8_t *weights;
    bool is_flash_encrypted;
    bool is_partition_encrypted;
    int mapped;
    int tasks_left;
    int cores;
    int rests;
};

extern struct test_state test;
