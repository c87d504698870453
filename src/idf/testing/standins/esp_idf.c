/* Stand-ins for ESP-IDF on a computer with POSIX threads, and a program that makes tokens out of thin air. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "esp_flash_encrypt.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_partition.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "test.h"

struct test_state test;

void test_log(const char *tag, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", tag);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

uint32_t esp_random(void)
{
    return (uint32_t)rand();
}

int64_t esp_timer_get_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t caps)
{
    if (test.allocations_left == 0) {
        return NULL;
    }
    test.allocations_left--;
    test.allocated++;
    test.last_caps = caps;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void heap_caps_free(void *ptr)
{
    test.allocated -= ptr != NULL;
    free(ptr);
}

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char *label)
{
    static esp_partition_t partition;
    (void)subtype;
    if (type != ESP_PARTITION_TYPE_DATA || strcmp(label, "llm") != 0) {
        return NULL;
    }
    partition.size = test.partition_bytes;
    partition.encrypted = test.is_partition_encrypted;
    return &partition;
}

bool esp_flash_encryption_enabled(void)
{
    return test.is_flash_encrypted;
}

esp_err_t esp_partition_mmap(const esp_partition_t *partition, size_t offset, size_t size,
                             esp_partition_mmap_memory_t memory, const void **out_ptr,
                             esp_partition_mmap_handle_t *out_handle)
{
    if (memory != ESP_PARTITION_MMAP_DATA || offset + size > partition->size) {
        return ESP_FAIL;
    }
    test.mapped++;
    *out_ptr = test.weights + offset;
    *out_handle = 1;
    return ESP_OK;
}

void esp_partition_munmap(esp_partition_mmap_handle_t handle)
{
    test.mapped -= (int)handle;
}

struct start {
    TaskFunction_t code;
    void *parameters;
};

static void *run_task(void *argument)
{
    const struct start start = *(struct start *)argument;
    free(argument);
    start.code(start.parameters);
    return NULL;
}

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t code, const char *name, uint32_t stack_bytes, void *parameters,
                                   UBaseType_t priority, TaskHandle_t *created, BaseType_t core)
{
    (void)name;
    (void)stack_bytes;
    (void)priority;
    (void)created;
    if (test.tasks_left == 0) {
        return pdFALSE;
    }
    test.tasks_left--;
    test.cores |= 1 << core;
    struct start *start = malloc(sizeof *start);
    *start = (struct start){code, parameters};
    pthread_t thread;
    pthread_create(&thread, NULL, run_task, start);
    pthread_detach(thread);
    return pdPASS;
}

void vTaskDelete(TaskHandle_t task)
{
    (void)task;
    pthread_exit(NULL);
}

void vTaskDelay(TickType_t ticks)
{
    test.rests++;
    const struct timespec pause = {.tv_nsec = 1000000 * (long)ticks};
    nanosleep(&pause, NULL);
}

SemaphoreHandle_t xSemaphoreCreateBinaryStatic(StaticSemaphore_t *storage)
{
    pthread_mutex_init(&storage->mutex, NULL);
    pthread_cond_init(&storage->given, NULL);
    storage->count = 0;
    return storage;
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks)
{
    (void)ticks;
    pthread_mutex_lock(&semaphore->mutex);
    while (semaphore->count == 0) {
        pthread_cond_wait(&semaphore->given, &semaphore->mutex);
    }
    semaphore->count = 0;
    pthread_mutex_unlock(&semaphore->mutex);
    return pdTRUE;
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore)
{
    pthread_mutex_lock(&semaphore->mutex);
    const BaseType_t was_free = semaphore->count == 0;
    semaphore->count = 1;
    pthread_cond_signal(&semaphore->given);
    pthread_mutex_unlock(&semaphore->mutex);
    return was_free;
}
