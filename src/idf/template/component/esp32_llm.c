/*
 * The component's C side: tasks and the loop over tokens. Memory and weights are in esp32_llm_memory.c, the arithmetic in
 * program.S and kernels.S.
 *
 * Tasks: esp32_llm_generate() runs in its caller's task. It posts jobs to one worker task per core, waits for them, and
 * calls the callback between two tokens, when no worker runs. Workers are pinned: they spin at barriers for each other
 * within a token (a few microseconds, as both do the same amount of work), and the lazy saving of FPU and vector registers
 * that FreeRTOS does for a task belongs to its core.
 */
#include "esp32_llm.h"

#include <stdatomic.h>
#include <string.h>

#include "esp32_llm_memory.h"
#include "esp32_llm_program.h"
#include "esp_attr.h"
#include "esp_log.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "sdkconfig.h"

#if ESP32_LLM_CORES == 2 && CONFIG_FREERTOS_UNICORE
#error "This export of esp32_llm works on two cores; export it with --single-core, or switch CONFIG_FREERTOS_UNICORE off."
#endif

#define TAG "esp32_llm"
#define SMALLEST_STACK 2048u

enum phase { PHASE_OFF, PHASE_CHANGING, PHASE_READY, PHASE_TELLING };
enum job { JOB_BEGIN, JOB_TOKEN, JOB_QUIT };

/** What a job takes and gives; only ever touched by one side at a time, with a semaphore in between. */
struct errand {
    enum job job;
    const char *prompt;
    int32_t prompt_bytes;
    uint64_t seed;
    int32_t limit;
    const esp32_llm_generate_options_t *options;
    int32_t prompt_tokens;
    int32_t token;
    const char *text;
    int32_t text_bytes;
    uint64_t digest;
    bool over;
};

static atomic_int phase = PHASE_OFF;
/** Written from interrupts while the flash may be away: in internal RAM, as its writer is. */
static DRAM_ATTR atomic_bool stop_wanted = false;
static struct errand errand;
static int workers;
static StaticSemaphore_t start_storage[ESP32_LLM_CORES], done_storage;
static SemaphoreHandle_t start[ESP32_LLM_CORES], done;

const char *esp32_llm_error_text(esp32_llm_err_t error)
{
    switch (error) {
    case ESP32_LLM_OK:
        return "No error.";
    case ESP32_LLM_ERROR_ARGUMENT:
        return "An option is out of its range, or memory is not aligned to 16 bytes.";
    case ESP32_LLM_ERROR_STATE:
        return "The model is not initialised, is initialised already, or is telling a story.";
    case ESP32_LLM_ERROR_MEMORY:
        return "There is not enough memory for the model.";
    case ESP32_LLM_ERROR_PARTITION:
        return "The partition with the weights is missing, too small or cannot be mapped.";
    case ESP32_LLM_ERROR_WEIGHTS:
        return "The weights are not those that this component was made with; flash weights.bin again.";
    case ESP32_LLM_ERROR_PLAIN:
        return "Flash encryption is on and the partition with the weights is plain; give it the flag \"encrypted\".";
    case ESP32_LLM_ERROR_TASK:
        return "A task of the model could not be created.";
    case ESP32_LLM_ERROR_PROMPT:
        return "The prompt is too long.";
    case ESP32_LLM_ERROR_GRAMMAR:
        return "The shortest text of the grammar is longer than what the prompt leaves of the positions.";
    }
    return "Unknown error.";
}

/* ---- Tasks ---- */

/** What worker 0 does besides its share of the passes. */
static void run_errand(void)
{
    if (errand.job == JOB_BEGIN) {
        const esp32_llm_generate_options_t *options = errand.options;
        esp32_llm_program_sampling(options->temperature, options->topp, options->topk, options->minp, options->penalty);
        esp32_llm_program_bind(options->grammar, errand.limit);
        errand.prompt_tokens = esp32_llm_program_begin(errand.prompt, errand.prompt_bytes, errand.seed);
        return;
    }
    esp32_llm_program_pass(0);
    errand.token = esp32_llm_program_next();
    errand.text = esp32_llm_program_pieceAddress();
    errand.text_bytes = esp32_llm_program_pieceBytes();
    errand.digest = esp32_llm_program_storyDigest();
    errand.over = esp32_llm_program_isOver() != 0;
}

static void worker(void *argument)
{
    const int32_t core = (int32_t)(intptr_t)argument;
    for (;;) {
        xSemaphoreTake(start[core], portMAX_DELAY);
        if (errand.job == JOB_QUIT) {
            break;
        }
        if (core == 0) {
            run_errand();
            xSemaphoreGive(done);
        } else {
            esp32_llm_program_pass(core);
        }
    }
    xSemaphoreGive(done);
    vTaskDelete(NULL);
}

static esp32_llm_err_t start_workers(const esp32_llm_init_options_t *options)
{
    static const char *const names[] = {"esp32_llm_0", "esp32_llm_1"};
    done = xSemaphoreCreateBinaryStatic(&done_storage);
    for (int core = 0; core < ESP32_LLM_CORES; core++) {
        start[core] = xSemaphoreCreateBinaryStatic(&start_storage[core]);
    }
    for (; workers < ESP32_LLM_CORES; workers++) {
        const BaseType_t pinned = ESP32_LLM_CORES == 1 ? options->core : workers;
        if (xTaskCreatePinnedToCore(worker, names[workers], options->task_stack_bytes,
                                    (void *)(intptr_t)workers, options->task_priority, NULL, pinned) != pdPASS) {
            return ESP32_LLM_ERROR_TASK;
        }
    }
    return ESP32_LLM_OK;
}

/** Waits until each worker is past its last use of anything of ours. */
static void end_workers(void)
{
    errand.job = JOB_QUIT;
    while (workers > 0) {
        xSemaphoreGive(start[--workers]);
        xSemaphoreTake(done, portMAX_DELAY);
    }
}

/** Has worker 0 do the job, and both of them where it is a pass; returns when it is done. */
static void do_job(enum job job)
{
    errand.job = job;
    for (int core = job == JOB_TOKEN ? ESP32_LLM_CORES - 1 : 0; core >= 0; core--) {
        xSemaphoreGive(start[core]);
    }
    xSemaphoreTake(done, portMAX_DELAY);
}

/* ---- The API ---- */

static void give_back(void)
{
    end_workers();
    esp32_llm_memory_release();
}

static bool is_valid(const esp32_llm_init_options_t *options)
{
    return options->task_priority < configMAX_PRIORITIES && options->task_stack_bytes >= SMALLEST_STACK &&
           options->core >= 0 && options->core < portNUM_PROCESSORS && ESP32_LLM_CORES <= portNUM_PROCESSORS;
}

static esp32_llm_err_t set_up(const esp32_llm_init_options_t *options)
{
    const esp32_llm_err_t error = esp32_llm_memory_take(options);
    return error == ESP32_LLM_OK ? start_workers(options) : error;
}

esp32_llm_err_t esp32_llm_init(const esp32_llm_init_options_t *options)
{
    const esp32_llm_init_options_t defaults = ESP32_LLM_INIT_DEFAULT();
    const esp32_llm_init_options_t *chosen = options != NULL ? options : &defaults;
    if (!is_valid(chosen)) {
        return ESP32_LLM_ERROR_ARGUMENT;
    }
    int expected = PHASE_OFF;
    if (!atomic_compare_exchange_strong(&phase, &expected, PHASE_CHANGING)) {
        return ESP32_LLM_ERROR_STATE;
    }
    const esp32_llm_err_t error = set_up(chosen);
    if (error != ESP32_LLM_OK) {
        ESP_LOGE(TAG, "%s", esp32_llm_error_text(error));
        give_back();
    }
    atomic_store(&phase, error == ESP32_LLM_OK ? PHASE_READY : PHASE_OFF);
    return error;
}

esp32_llm_err_t esp32_llm_deinit(void)
{
    int expected = PHASE_READY;
    if (!atomic_compare_exchange_strong(&phase, &expected, PHASE_CHANGING)) {
        return ESP32_LLM_ERROR_STATE;
    }
    give_back();
    atomic_store(&phase, PHASE_OFF);
    return ESP32_LLM_OK;
}

void IRAM_ATTR esp32_llm_stop(void)
{
    atomic_store(&stop_wanted, true);
}

static uint64_t seed_from(uint64_t wanted)
{
    return wanted != 0 ? wanted : ((uint64_t)esp_random() << 32 | esp_random()) | 1u;
}

/** Lets the idle tasks run now and then: they feed the watchdog and clean up after tasks. */
static void rest(int64_t now, int64_t *last)
{
    if (now - *last < (int64_t)CONFIG_ESP32_LLM_REST_INTERVAL_MS * 1000) {
        return;
    }
    vTaskDelay(1);
    *last = esp_timer_get_time();
}

/** One token after the other, until something ends the story. */
static esp32_llm_ending_t tell(const esp32_llm_generate_options_t *options, uint32_t limit, esp32_llm_result_t *result)
{
    int64_t rested = esp_timer_get_time();
    for (uint32_t index = 0; index < limit; index++) {
        if (atomic_load(&stop_wanted)) {
            return ESP32_LLM_STOPPED;
        }
        const int64_t before = esp_timer_get_time();
        do_job(JOB_TOKEN);
        const int64_t after = esp_timer_get_time();
        result->busy_microseconds += (uint64_t)(after - before);
        result->tokens = index + 1;
        if (errand.token < 0) {
            return ESP32_LLM_FINISHED;
        }
        result->digest = errand.digest;
        const esp32_llm_token_t token = {
            .id = errand.token,
            .index = index,
            .is_prompt = index + 1 < result->prompt_tokens,
            .prompt_tokens = result->prompt_tokens,
            .text = errand.text,
            .text_bytes = (size_t)errand.text_bytes,
        };
        if (options->on_token != NULL && !options->on_token(&token, options->user)) {
            return ESP32_LLM_STOPPED;
        }
        if (errand.over) {
            return ESP32_LLM_FINISHED;
        }
        rest(after, &rested);
    }
    return ESP32_LLM_LIMIT;
}

static esp32_llm_err_t generate(const esp32_llm_generate_options_t *options, esp32_llm_result_t *result)
{
    const char *prompt = options->prompt != NULL ? options->prompt : "";
    const size_t bytes = strlen(prompt);
    if (bytes > ESP32_LLM_LONGEST_PROMPT) {
        return ESP32_LLM_ERROR_PROMPT;
    }
    const int64_t began = esp_timer_get_time();
    errand.prompt = prompt;
    errand.prompt_bytes = (int32_t)bytes;
    errand.seed = seed_from(options->seed);
    errand.options = options;
    const uint32_t wanted = options->max_tokens;
    const uint32_t limit = wanted != 0 && wanted < ESP32_LLM_CONTEXT ? wanted : ESP32_LLM_CONTEXT;
    errand.limit = (int32_t)limit;
    do_job(JOB_BEGIN);
    if (errand.prompt_tokens <= 0) {
        return errand.prompt_tokens == 0 ? ESP32_LLM_ERROR_PROMPT : ESP32_LLM_ERROR_GRAMMAR;
    }
    result->prompt_tokens = (uint32_t)errand.prompt_tokens;
    result->ending = tell(options, limit, result);
    result->total_microseconds = (uint64_t)(esp_timer_get_time() - began);
    return ESP32_LLM_OK;
}

/** Refuses NaN too. */
static bool is_within(float value, float least, float most)
{
    return value >= least && value <= most;
}

static bool can_sample(const esp32_llm_generate_options_t *options)
{
    return (uintptr_t)options->grammar % sizeof(uint32_t) == 0 && is_within(options->temperature, 0.0f, 100.0f) && is_within(options->topp, 0.0f, 1.0f) && options->topk >= 0 &&
           options->topk <= 65535 && is_within(options->minp, 0.0f, 1.0f) && is_within(options->penalty, 1.0f, 2.0f);
}

esp32_llm_err_t esp32_llm_generate(const esp32_llm_generate_options_t *options, esp32_llm_result_t *result)
{
    const esp32_llm_generate_options_t defaults = ESP32_LLM_GENERATE_DEFAULT();
    const esp32_llm_generate_options_t *chosen = options != NULL ? options : &defaults;
    if (!can_sample(chosen)) {
        return ESP32_LLM_ERROR_ARGUMENT;
    }
    int expected = PHASE_READY;
    if (!atomic_compare_exchange_strong(&phase, &expected, PHASE_TELLING)) {
        return ESP32_LLM_ERROR_STATE;
    }
    atomic_store(&stop_wanted, false);
    esp32_llm_result_t story = {0};
    const esp32_llm_err_t error = generate(chosen, &story);
    atomic_store(&phase, PHASE_READY);
    if (result != NULL) {
        *result = story;
    }
    return error;
}
