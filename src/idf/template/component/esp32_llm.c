/*
 * The component's C side: memory, weights, tasks and the loop over tokens. The arithmetic is in program.S and kernels.S.
 *
 * Tasks: esp32_llm_generate() runs in its caller's task. It posts jobs to one worker task per core, waits for them, and
 * calls the callback between two tokens, when no worker runs. Workers are pinned: they spin at barriers for each other
 * within a token (a few microseconds, as both do the same amount of work), and the lazy saving of FPU and vector registers
 * that FreeRTOS does for a task belongs to its core.
 */
#include "esp32_llm.h"

#include <stdatomic.h>
#include <string.h>

#include "esp32_llm_program.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_partition.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "sdkconfig.h"

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
    float temperature;
    float topp;
    int32_t prompt_tokens;
    int32_t token;
    const char *text;
    int32_t text_bytes;
    uint64_t digest;
};

/** What init has taken and deinit gives back. */
struct holdings {
    void *working;
    void *cache;
    void *copy;
    bool mapped;
    esp_partition_mmap_handle_t mapping;
    int workers;
};

static atomic_int phase = PHASE_OFF;
static atomic_bool stop_wanted = false;
static struct errand errand;
static struct holdings held;
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
    case ESP32_LLM_ERROR_TASK:
        return "A task of the model could not be created.";
    case ESP32_LLM_ERROR_PROMPT:
        return "The prompt is too long.";
    }
    return "Unknown error.";
}

static bool is_aligned(const void *address)
{
    return (uintptr_t)address % ESP32_LLM_ALIGNMENT == 0;
}

/* ---- Weights ---- */

#if CONFIG_ESP32_LLM_CHECK_WEIGHTS
static uint32_t checksum_of(const uint32_t *words, size_t count)
{
    uint32_t hash = 0x811c9dc5u;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ words[i]) * 0x01000193u;
    }
    return hash;
}
#endif

static bool is_ours(const void *image)
{
    const struct weights_header *header = image;
    if (header->magic != WEIGHTS_MAGIC || header->version != WEIGHTS_VERSION ||
        header->bytes != ESP32_LLM_WEIGHTS_BYTES || header->checksum != WEIGHTS_CHECKSUM) {
        return false;
    }
#if CONFIG_ESP32_LLM_CHECK_WEIGHTS
    const size_t words = (ESP32_LLM_WEIGHTS_BYTES - sizeof *header) / sizeof(uint32_t);
    return checksum_of((const uint32_t *)(header + 1), words) == WEIGHTS_CHECKSUM;
#else
    return true;
#endif
}

static esp32_llm_err_t map_partition(const char *label, const void **image)
{
    const esp_partition_t *partition =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, label);
    if (partition == NULL || partition->size < ESP32_LLM_WEIGHTS_BYTES) {
        ESP_LOGE(TAG, "partition \"%s\" is missing or has less than %u bytes", label,
                 (unsigned)ESP32_LLM_WEIGHTS_BYTES);
        return ESP32_LLM_ERROR_PARTITION;
    }
    if (esp_partition_mmap(partition, 0, ESP32_LLM_WEIGHTS_BYTES, ESP_PARTITION_MMAP_DATA, image, &held.mapping) !=
        ESP_OK) {
        return ESP32_LLM_ERROR_PARTITION;
    }
    held.mapped = true;
    return ESP32_LLM_OK;
}

static esp32_llm_err_t find_weights(const esp32_llm_init_options_t *options, const void **image)
{
    if (options->weights != NULL) {
        *image = options->weights;
        return ESP32_LLM_OK;
    }
#if CONFIG_ESP32_LLM_WEIGHTS_EMBEDDED
    if (options->partition_label == NULL) {
        *image = esp32_llm_weights;
        return ESP32_LLM_OK;
    }
#endif
    return map_partition(options->partition_label ? options->partition_label : CONFIG_ESP32_LLM_PARTITION_LABEL, image);
}

static void unmap_partition(void)
{
    if (held.mapped) {
        esp_partition_munmap(held.mapping);
    }
    held.mapped = false;
}

/** Finds, checks and, if that is wanted, copies the weights. */
static esp32_llm_err_t load_weights(const esp32_llm_init_options_t *options, const void **image)
{
    const esp32_llm_err_t error = find_weights(options, image);
    if (error != ESP32_LLM_OK) {
        return error;
    }
    if (!is_aligned(*image)) {
        return ESP32_LLM_ERROR_ARGUMENT;
    }
    if (!is_ours(*image)) {
        return ESP32_LLM_ERROR_WEIGHTS;
    }
    if (options->weights_place == ESP32_LLM_WEIGHTS_IN_PLACE) {
        return ESP32_LLM_OK;
    }
    const uint32_t kind =
        options->weights_place == ESP32_LLM_WEIGHTS_IN_PSRAM ? MALLOC_CAP_SPIRAM : MALLOC_CAP_INTERNAL;
    held.copy = heap_caps_aligned_alloc(ESP32_LLM_ALIGNMENT, ESP32_LLM_WEIGHTS_BYTES, kind | MALLOC_CAP_8BIT);
    if (held.copy == NULL) {
        return ESP32_LLM_ERROR_MEMORY;
    }
    memcpy(held.copy, *image, ESP32_LLM_WEIGHTS_BYTES);
    *image = held.copy;
    unmap_partition();
    return ESP32_LLM_OK;
}

/* ---- Memory ---- */

/** Working memory and cache, from the caller or the heap. */
static esp32_llm_err_t take_memory(const esp32_llm_init_options_t *options, uint8_t **working, uint8_t **cache)
{
    if (options->memory != NULL) {
        if (!is_aligned(options->memory)) {
            return ESP32_LLM_ERROR_ARGUMENT;
        }
        if (options->memory_bytes < ESP32_LLM_MEMORY_BYTES) {
            return ESP32_LLM_ERROR_MEMORY;
        }
        *working = options->memory;
        *cache = *working + ESP32_LLM_WORKING_BYTES;
        return ESP32_LLM_OK;
    }
    const uint32_t kind = options->cache_in_psram ? MALLOC_CAP_SPIRAM : MALLOC_CAP_INTERNAL;
    held.working =
        heap_caps_aligned_alloc(ESP32_LLM_ALIGNMENT, ESP32_LLM_WORKING_BYTES, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    held.cache = heap_caps_aligned_alloc(ESP32_LLM_ALIGNMENT, ESP32_LLM_CACHE_BYTES, kind | MALLOC_CAP_8BIT);
    if (held.working == NULL || held.cache == NULL) {
        return ESP32_LLM_ERROR_MEMORY;
    }
    *working = held.working;
    *cache = held.cache;
    return ESP32_LLM_OK;
}

/** Tells the program where everything is, and resolves the references of the model's record. */
static void connect_program(uint8_t *working, uint8_t *cache, const uint8_t *image)
{
    const uintptr_t bases[REGION_COUNT] = {
        [REGION_WORKING] = (uintptr_t)working,
        [REGION_CACHE] = (uintptr_t)cache,
        [REGION_WEIGHTS] = (uintptr_t)image,
    };
    memset(working, 0, ESP32_LLM_WORKING_BYTES);
    memset(cache, 0, ESP32_LLM_CACHE_BYTES);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        esp32_llm_words[i] = bases[places[i].region] + places[i].offset;
    }
    /* The record is the first thing in working memory: places[0]. */
    const struct weights_header *header = (const struct weights_header *)image;
    const uint32_t *references = (const uint32_t *)(image + header->references_offset);
    memcpy(working, image + header->record_offset, header->record_bytes);
    for (uint32_t i = 0; i < header->reference_count; i++) {
        uint32_t word;
        memcpy(&word, working + references[i], sizeof word);
        word += (uint32_t)(uintptr_t)image;
        memcpy(working + references[i], &word, sizeof word);
    }
}

/* ---- Tasks ---- */

/** What worker 0 does besides its share of the passes. */
static void run_errand(void)
{
    if (errand.job == JOB_BEGIN) {
        errand.prompt_tokens = esp32_llm_program_begin(errand.prompt, errand.prompt_bytes, errand.seed,
                                                       errand.temperature, errand.topp);
        return;
    }
    esp32_llm_program_pass(0);
    errand.token = esp32_llm_program_next();
    errand.text = esp32_llm_program_pieceAddress();
    errand.text_bytes = esp32_llm_program_pieceBytes();
    errand.digest = esp32_llm_program_storyDigest();
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
    for (; held.workers < ESP32_LLM_CORES; held.workers++) {
        const BaseType_t pinned = ESP32_LLM_CORES == 1 ? options->core : held.workers;
        if (xTaskCreatePinnedToCore(worker, names[held.workers], options->task_stack_bytes,
                                    (void *)(intptr_t)held.workers, options->task_priority, NULL, pinned) != pdPASS) {
            return ESP32_LLM_ERROR_TASK;
        }
    }
    return ESP32_LLM_OK;
}

/** Waits until each worker is past its last use of anything of ours. */
static void end_workers(void)
{
    errand.job = JOB_QUIT;
    while (held.workers > 0) {
        xSemaphoreGive(start[--held.workers]);
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
    unmap_partition();
    heap_caps_free(held.copy);
    heap_caps_free(held.cache);
    heap_caps_free(held.working);
    held = (struct holdings){0};
}

static bool is_valid(const esp32_llm_init_options_t *options)
{
    return options->task_priority < configMAX_PRIORITIES && options->task_stack_bytes >= SMALLEST_STACK &&
           options->core >= 0 && options->core < portNUM_PROCESSORS && ESP32_LLM_CORES <= portNUM_PROCESSORS;
}

static esp32_llm_err_t set_up(const esp32_llm_init_options_t *options)
{
    const void *image = NULL;
    uint8_t *working = NULL;
    uint8_t *cache = NULL;
    esp32_llm_err_t error = load_weights(options, &image);
    if (error == ESP32_LLM_OK) {
        error = take_memory(options, &working, &cache);
    }
    if (error != ESP32_LLM_OK) {
        return error;
    }
    connect_program(working, cache, image);
    return start_workers(options);
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

void esp32_llm_stop(void)
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
        if (errand.token < 0) {
            return ESP32_LLM_FINISHED;
        }
        result->digest = errand.digest;
        result->tokens = index + 1;
        const esp32_llm_token_t token = {
            .id = errand.token,
            .index = index,
            .is_prompt = index < result->prompt_tokens,
            .text = errand.text,
            .text_bytes = (size_t)errand.text_bytes,
        };
        if (options->on_token != NULL && !options->on_token(&token, options->user)) {
            return ESP32_LLM_STOPPED;
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
    errand.temperature = options->temperature;
    errand.topp = options->topp;
    do_job(JOB_BEGIN);
    if (errand.prompt_tokens == 0) {
        return ESP32_LLM_ERROR_PROMPT;
    }
    const uint32_t wanted = options->max_tokens;
    const uint32_t limit = wanted != 0 && wanted < ESP32_LLM_CONTEXT ? wanted : ESP32_LLM_CONTEXT;
    result->prompt_tokens = (uint32_t)errand.prompt_tokens - 1; /* not the one that begins every story */
    result->ending = tell(options, limit, result);
    result->total_microseconds = (uint64_t)(esp_timer_get_time() - began);
    return ESP32_LLM_OK;
}

esp32_llm_err_t esp32_llm_generate(const esp32_llm_generate_options_t *options, esp32_llm_result_t *result)
{
    const esp32_llm_generate_options_t defaults = ESP32_LLM_GENERATE_DEFAULT();
    const esp32_llm_generate_options_t *chosen = options != NULL ? options : &defaults;
    /* Written so that NaN is refused too. */
    if (!(chosen->temperature >= 0.0f && chosen->temperature <= 100.0f) ||
        !(chosen->topp >= 0.0f && chosen->topp <= 1.0f)) {
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
