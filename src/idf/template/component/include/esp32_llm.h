/**
 * A small language model that tells stories, on the vector units of an ESP32-S3.
 *
 *     esp32_llm_init(NULL);
 *     esp32_llm_generate_options_t options = ESP32_LLM_GENERATE_DEFAULT();
 *     options.prompt = "Once upon a time";
 *     options.on_token = print_token;
 *     esp32_llm_generate(&options, NULL);
 *
 * There is one model and one story at a time. All functions may be called from any task, none from an interrupt but
 * esp32_llm_stop(). The model runs in tasks of its own that are pinned to their cores; only they use the FPU and the
 * vector unit, whose registers FreeRTOS saves for each task (coprocessors 0 and 3), so other tasks may use both as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp32_llm_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a function answers. */
typedef enum {
    ESP32_LLM_OK = 0,
    /** An option is out of its range, or a pointer is missing or not aligned to ESP32_LLM_ALIGNMENT. */
    ESP32_LLM_ERROR_ARGUMENT = 1,
    /** init: already initialised. generate, deinit: not initialised, or a story is being told. */
    ESP32_LLM_ERROR_STATE = 2,
    /** Not enough memory of the kind asked for, or the caller's memory is too small. */
    ESP32_LLM_ERROR_MEMORY = 3,
    /** No partition of that label, too small a one, or it cannot be mapped. */
    ESP32_LLM_ERROR_PARTITION = 4,
    /** What lies there are not the weights that this component was made with. */
    ESP32_LLM_ERROR_WEIGHTS = 5,
    /** A task could not be created. */
    ESP32_LLM_ERROR_TASK = 6,
    /** The prompt is longer than ESP32_LLM_LONGEST_PROMPT bytes, or than the context has positions. */
    ESP32_LLM_ERROR_PROMPT = 7,
    /** Flash encryption is on, and the partition lacks the flag "encrypted": what was written plain would be read as garbage. */
    ESP32_LLM_ERROR_PLAIN = 8,
    /** The shortest text of the grammar is longer than what the prompt leaves of `max_tokens` or the context. */
    ESP32_LLM_ERROR_GRAMMAR = 9,
} esp32_llm_err_t;

/** Where the weights are read from while a story is told. */
typedef enum {
    /** Where they lie: in flash, through the cache. */
    ESP32_LLM_WEIGHTS_IN_PLACE = 0,
    /** Copied to PSRAM by init: frees the flash's bandwidth for code. */
    ESP32_LLM_WEIGHTS_IN_PSRAM = 1,
    /** Copied to internal RAM by init: fastest, where ESP32_LLM_WEIGHTS_BYTES fit. */
    ESP32_LLM_WEIGHTS_IN_INTERNAL = 2,
} esp32_llm_weights_place_t;

/** Options of esp32_llm_init(); begin with ESP32_LLM_INIT_DEFAULT(). */
typedef struct {
    /** At least ESP32_LLM_MEMORY_BYTES of internal RAM, aligned to ESP32_LLM_ALIGNMENT; NULL: from the heap. */
    void *memory;
    size_t memory_bytes;
    /** Takes the KV cache (ESP32_LLM_CACHE_BYTES) from PSRAM; without effect where `memory` is given. */
    bool cache_in_psram;
    esp32_llm_weights_place_t weights_place;
    /** The contents of weights.bin, aligned to ESP32_LLM_ALIGNMENT, where the caller has them; NULL: as configured. */
    const void *weights;
    /** Label of the partition with the weights; NULL: as configured. */
    const char *partition_label;
    /** Of the model's tasks. Both spin at barriers many times per token: give them the same rank as other busy work. */
    unsigned task_priority;
    unsigned task_stack_bytes;
    /** Core of the task where the component was exported with --single-core. */
    int core;
} esp32_llm_init_options_t;

/* clang-format off */
#define ESP32_LLM_INIT_DEFAULT() {                       \
    .memory = NULL, .memory_bytes = 0,                   \
    .cache_in_psram = false,                             \
    .weights_place = ESP32_LLM_WEIGHTS_IN_PLACE,         \
    .weights = NULL, .partition_label = NULL,            \
    .task_priority = 5, .task_stack_bytes = 4096,        \
    .core = 0,                                           \
}
/* clang-format on */

/** A token as it is made. */
typedef struct {
    int32_t id;
    /** From 0, the prompt's tokens included. */
    uint32_t index;
    /** Part of the prompt, not the model's idea. */
    bool is_prompt;
    /** Tokens of the prompt, the one that begins every story included: as in the result. */
    uint32_t prompt_tokens;
    /** Its text: `text_bytes` bytes (a part of a UTF-8 character, perhaps), no zero behind them. Valid during the call. */
    const char *text;
    size_t text_bytes;
} esp32_llm_token_t;

/** Called for each token, in the task that called esp32_llm_generate(). Return false to end the story here. */
typedef bool (*esp32_llm_on_token_t)(const esp32_llm_token_t *token, void *user);

/** Options of esp32_llm_generate(); begin with ESP32_LLM_GENERATE_DEFAULT(). */
typedef struct {
    /** The story's beginning, UTF-8; NULL or "": any story. */
    const char *prompt;
    /** 0: always the likeliest token. 1: as the model says. */
    float temperature;
    /** Draws from the likeliest tokens that together have this probability; 0 or 1: from all. */
    float topp;
    /** Draws from so many of the likeliest tokens; 0: from all. */
    int32_t topk;
    /** Draws from tokens at least so many times as likely as the likeliest, 0 to 1. */
    float minp;
    /** Divides the logits of the last 64 tokens where positive, multiplies them where negative: 1 (no effect) to 2. */
    float penalty;
    /** Equal seeds tell equal stories; 0: another one each time. */
    uint64_t seed;
    /** Positions at most, the prompt's included; 0: ESP32_LLM_CONTEXT. */
    uint32_t max_tokens;
    /**
     * What the story may say: a packed grammar for this model's vocabulary, aligned to four bytes, as `export idf --grammar FILE` writes it
     * (esp32_llm_grammar.h); NULL: anything. It is read while the story is told. What it allows is finished within the positions.
     */
    const void *grammar;
    /** May be NULL. */
    esp32_llm_on_token_t on_token;
    void *user;
} esp32_llm_generate_options_t;

/* clang-format off */
#define ESP32_LLM_GENERATE_DEFAULT() {                   \
    .prompt = NULL,                                      \
    .temperature = 1.0f, .topp = 0.9f,                   \
    .topk = 0, .minp = 0.0f, .penalty = 1.0f,            \
    .seed = 0, .max_tokens = 0, .grammar = NULL,         \
    .on_token = NULL, .user = NULL,                      \
}
/* clang-format on */

/** How a story ended. */
typedef enum {
    /** The model ended it, or the grammar. */
    ESP32_LLM_FINISHED = 0,
    /** `max_tokens` or the context was used up. */
    ESP32_LLM_LIMIT = 1,
    /** By esp32_llm_stop() or the callback. */
    ESP32_LLM_STOPPED = 2,
} esp32_llm_ending_t;

typedef struct {
    /**
     * Passes through the model, and how many of them read the prompt, as the firmware and `esp32-llm run` count: the token that begins
     * every story is among both, and the pass that ended a finished story gave the callback nothing.
     */
    uint32_t tokens;
    uint32_t prompt_tokens;
    esp32_llm_ending_t ending;
    /** 64-bit FNV-1a over the token ids: the same as on the bare firmware, its simulator and a computer. */
    uint64_t digest;
    /** Time in the model's tasks, and of all that lay between. */
    uint64_t busy_microseconds;
    uint64_t total_microseconds;
} esp32_llm_result_t;

/**
 * Maps and checks the weights, takes memory, starts the tasks. `options` may be NULL.
 * On an error everything is given back, and init may be called again.
 */
esp32_llm_err_t esp32_llm_init(const esp32_llm_init_options_t *options);

/** Tells a story; returns when it is over. `options` and `result` may be NULL. */
esp32_llm_err_t esp32_llm_generate(const esp32_llm_generate_options_t *options, esp32_llm_result_t *result);

/**
 * Ends the story that is being told, after its present token; without one it does nothing. From any task or interrupt, also from
 * interrupts that run while the flash is written (ESP_INTR_FLAG_IRAM): it lies in internal RAM and needs nothing from flash.
 */
void esp32_llm_stop(void);

/** Ends the tasks and gives back what init has taken. */
esp32_llm_err_t esp32_llm_deinit(void);

/** One plain sentence about an error. */
const char *esp32_llm_error_text(esp32_llm_err_t error);

#ifdef __cplusplus
}
#endif
