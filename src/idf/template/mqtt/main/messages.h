/* Requests as they come, and answers as they go: JSON, as esp32-llm's workers and gateways write it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp32_llm.h"

#define ANSWERS_ROOM 96
#define CORRELATION_ROOM 32

struct request {
    /** Topic of the gateway, and its number for this request. */
    char answers[ANSWERS_ROOM];
    char correlation[CORRELATION_ROOM];
    uint16_t correlation_bytes;
    /** Longer than the model takes: refused by it. */
    char prompt[ESP32_LLM_LONGEST_PROMPT + 2];
    uint64_t seed;
    uint32_t tokens;
    float temperature, topp, minp, penalty;
    int32_t topk;
};

/** Reads prompt and settings; false for anything that is no request. */
bool request_read(struct request *request, const char *text, size_t bytes);

/** A text that grows, and stays a text when its room is used up. */
struct text {
    char *start;
    size_t room;
    size_t length;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Bytes as the inside of a JSON string, one character each. */
void text_add_bytes(struct text *text, const char *bytes, size_t count);
