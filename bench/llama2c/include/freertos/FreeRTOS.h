#pragma once
/* As much of FreeRTOS as the program asks for; see shim.c. */
typedef unsigned TickType_t;
typedef struct task *TaskHandle_t;
typedef struct semaphore *SemaphoreHandle_t;
typedef struct group *EventGroupHandle_t;
typedef unsigned EventBits_t;
#define pdTRUE 1
#define portMAX_DELAY 0xffffffffu
#define portTICK_PERIOD_MS 10
EventGroupHandle_t xEventGroupCreate(void);
EventBits_t xEventGroupSync(EventGroupHandle_t group, EventBits_t mine, EventBits_t all, TickType_t patience);
EventBits_t xEventGroupClearBits(EventGroupHandle_t group, EventBits_t bits);
SemaphoreHandle_t xSemaphoreCreateBinary(void);
int xSemaphoreGive(SemaphoreHandle_t semaphore);
int xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t patience);
int xTaskCreatePinnedToCore(void (*run)(void *), const char *name, unsigned stack, void *given, unsigned priority,
                            TaskHandle_t *handle, int core);
TaskHandle_t xTaskGetCurrentTaskHandle(void);
char *pcTaskGetName(TaskHandle_t task);
