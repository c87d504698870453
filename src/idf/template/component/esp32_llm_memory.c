/* Weights and memory: where they come from, that they are right, and how the program gets to know their addresses. */
#include "esp32_llm_memory.h"

#include <stdbool.h>
#include <string.h>

#include "esp32_llm_program.h"
#include "esp_flash_encrypt.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_partition.h"
#include "sdkconfig.h"

#define TAG "esp32_llm"

/** What has been taken and will be given back. */
static struct {
    void *working;
    void *cache;
    void *copy;
    bool mapped;
    esp_partition_mmap_handle_t mapping;
} held;

static bool is_aligned(const void *address)
{
    return (uintptr_t)address % ESP32_LLM_ALIGNMENT == 0;
}

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
    /* The cache deciphers whatever it reads while encryption is on. */
    if (esp_flash_encryption_enabled() && !partition->encrypted) {
        return ESP32_LLM_ERROR_PLAIN;
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

esp32_llm_err_t esp32_llm_memory_take(const esp32_llm_init_options_t *options)
{
    const void *image = NULL;
    uint8_t *working = NULL;
    uint8_t *cache = NULL;
    esp32_llm_err_t error = load_weights(options, &image);
    if (error == ESP32_LLM_OK) {
        error = take_memory(options, &working, &cache);
    }
    if (error == ESP32_LLM_OK) {
        connect_program(working, cache, image);
    }
    return error;
}

void esp32_llm_memory_release(void)
{
    unmap_partition();
    heap_caps_free(held.copy);
    heap_caps_free(held.cache);
    heap_caps_free(held.working);
    held.copy = held.cache = held.working = NULL;
}
