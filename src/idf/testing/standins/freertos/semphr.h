#pragma once
#include <pthread.h>
#include "freertos/FreeRTOS.h"
typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t given;
    int count;
} StaticSemaphore_t;
typedef StaticSemaphore_t *SemaphoreHandle_t;
SemaphoreHandle_t xSemaphoreCreateBinaryStatic(StaticSemaphore_t *storage);
BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks);
BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore);
